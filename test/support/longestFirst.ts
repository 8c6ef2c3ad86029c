/**
 * The files that take minutes begin first in their project, also in a clone that has not measured any: begun last, one of them is
 * waited for by a machine with nothing else to do. A project's files stay together: a worker that goes over to another project is
 * replaced, and the next one loads everything anew. Of the rest Vitest begins with those that took longest, or are longest.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST =
  /\/(integrity\/matrix\/\w+|faults\/(chaos|chaosUpgrade|postgresLost|relayKilled|feeds)|start|benches|core\/presencePlans)\.test\.ts$/;

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.test(moduleId);
    return [...new Set(sorted.map(({ project }) => project))].flatMap((project) => {
      const its = sorted.filter((file) => file.project === project);
      return [...its.filter(isLong), ...its.filter((file) => !isLong(file))];
    });
  }
}
