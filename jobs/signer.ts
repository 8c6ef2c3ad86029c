/** The signer process: signs the log until it is told to stop. It alone has the log's key and its own state. */
import { endOnNewerSchema } from '../src/infra/postgres/schemaWatch.ts';
import { openBackbone } from '../src/infra/process/backbone.ts';
import { runProcess } from '../src/infra/process/runProcess.ts';
import { serveHealth } from '../src/infra/process/serveHealth.ts';
import { privateNames } from '../src/modules.ts';
import { startSigner } from './log/signer.ts';

const USUAL_METRICS_PORT = 9468;

await runProcess({ role: 'worker', verifiesTokens: false }, async (config) => {
  const backbone = await openBackbone(config, config.DATABASE_URL!, 'signer', privateNames);
  const signer = await startSigner(backbone);
  const health = await serveHealth(backbone, USUAL_METRICS_PORT);
  backbone.log.info({ metrics_port: health.port }, 'signer ready');
  return {
    log: backbone.log,
    steps: [
      endOnNewerSchema(signer.db, backbone.log),
      { name: 'readiness', run: () => health.drain() },
      { name: 'signer', run: () => signer.close() },
      { name: 'health', run: () => health.close() },
      { name: 'backbone', run: () => backbone.close() },
    ],
  };
});
