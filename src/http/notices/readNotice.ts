/**
 * `POST /notifications/<id>/read`: a notice was read. It is no command: what somebody has seen is no matter of the record, and
 * a second time changes nothing.
 */
import { isUuid } from '../../core/chain/ids.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { findRead, markRead } from '../../notices/markRead.ts';
import { noticeItem } from '../../notices/notice.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';

export const readNotice = defineRoute({
  name: 'notices.read',
  route: 'POST /notifications/:notification_id/read',
  summary: 'Say that you have read a notice; a second time changes nothing',
  roles: ROLES,
  answer: noticeItem,
  rejects: ['not_found'],
  serve: serveReadNotice,
});

function serveReadNotice(context: ApiContext): Serve {
  const { door, reading } = context;
  return async (req, res) => {
    const actor = (await enter(context, req, res, readNotice))!;
    demandRole(actor, ROLES);
    const id = String(req.params.notification_id).toLowerCase();
    if (!isUuid(id)) throw new Problem('not_found');
    await markRead(door, id, actor);
    const notice = await reading.inScope(actor, null, (db) => findRead(db, id, actor));
    if (!notice) throw new Problem('not_found');
    res.set('Cache-Control', 'no-store').json(notice);
  };
}
