/** Hosts that no link of the gallery leads to, themselves and all beneath them. */

const words = (text: string) => text.trim().split(/\s+/);

/** Their links hide where they lead. */
const SHORTENERS = words(`
  adf.ly amzn.to bit.do bit.ly bitly.com bl.ink buff.ly chilp.it clck.ru cli.re cutt.ly da.gd dub.sh fb.me gg.gg goo.gl goo.su
  han.gl is.gd j.mp kutt.it linktr.ee lnkd.in mcaf.ee me2.do n9.cl ouo.io ow.ly po.st qr.ae rb.gy rebrand.ly s.id shor.by
  short.io shorte.st shorturl.at shrtco.de snip.ly soo.gd surl.li t.co t.ly tiny.cc tiny.one tinyurl.com tr.im u.to urlz.fr
  v.gd x.co
`);

/** They lead into conversations that no moderator sees. */
const MESSENGERS = words(`
  chat.google.com discord.com discord.gg discord.me discordapp.com dsc.gg element.io groupme.com kakao.com kik.com kik.me
  line.me m.me matrix.to messenger.com omegle.com signal.group signal.me signal.org skype.com snapchat.com t.me telegra.ph
  telegram.dog telegram.me telegram.org threema.id vb.me viber.com wa.link wa.me wechat.com weixin.qq.com whatsapp.com zalo.me
`);

const REFUSED = new Set([...SHORTENERS, ...MESSENGERS]);

/** @param host in small letters: `a.b.c` is refused where it, `b.c` or `c` is */
export function isRefusedHost(host: string): boolean {
  const labels = host.split('.');
  return labels.some((_, i) => REFUSED.has(labels.slice(i).join('.')));
}
