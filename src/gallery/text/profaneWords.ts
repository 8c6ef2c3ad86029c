/** What is profane and what is not, beyond the library's words. */

const words = (text: string) => text.trim().split(/\s+/);
const lines = (text: string) => text.trim().split(/\s*\n\s*/);

/** Words of the library that crime, medicine, history, geography and names need, or whose patterns meet too much. */
export const SAID_IN_COURT = new Set(
  words(`
    abo anal anus arse ass bestiality cock cum dick dyke ejaculate fag fellatio fuck hooker incest masturbate negro orgasm
    penis porn prick rape scat semen sex shit tit vagina
  `),
);

/** The profane ones among them again, whole. Letters other than b, e, g, l, o and s stand once where they are doubled. */
export const PROFANE_WORDS = words(`
  ass asses arse arses cock cocks dick dicks cum cums tits tities prick pricks fag fags faggot faggots fuk fuks fck fcks
  fcking fking phuk wtf stfu kys milf
`);

/** And in whatever they are part of; a bar is where a word begins or ends. */
export const PROFANE_PARTS = lines(`
  fuck
  |phuck
  |fvck
  |fuking
  asshole
  arsehole
  |asswipe
  |dumbass
  |jackass
  |cocksuck
  |cumshot
  dickhead
  |shit
  llshit|
  pshit|
  eshit|
  tshit|
  |suck my
  kill yourself
  kill urself
  |go die|
`);

/** What holds a profane word and is none: law, places, names, animals. */
export const INNOCENT = lines(`
  ass'n
  pussy riot
  pussyfoot
  pussycat
  booby
  cuckold
  cuckfield
  georgy
  chink in
  chinks in
  retardation
  retardant
  mentally retard
  fire retard
  flame retard
  bastardy
  niggard
  wankhede
  wankel
  wankaner
  slutsk
  spastic paraly
  spastic dipleg
  cum laude
  cum testament
  cum onere
  cum dividend
  cock-fight
  cock fight
  cock and bull
  moby dick
  moby-dick
  dick v
  v dick
  v. dick
  tom, dick
  dick cheney
  dick turpin
  k. dick
  the prick of
  prick the
  pin prick
  pin-prick
  needle prick
  law is an ass
  law is a ass
  wild ass
  shital
  shitij
  shitla
  shitole
  shitak
  shittim
`);

/** Looked for in pieces, too. None of them falls into two words that stand side by side. */
const split = words('fuck fucks fucker fuckers fucking cunt cunts nigger niggers nigga niggas faggot faggots');
export const SPLIT_WORDS = { all: new Set(split), longest: Math.max(...split.map((word) => word.length)) };
