/**
 * The files that take minutes begin first, also in a clone that has not measured any: begun last, one of them is waited for by a
 * machine with nothing else to do. Of the rest Vitest begins with those that took longest, or are longest.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST =
  /\/(integrity\/matrix\/\w+|faults\/(chaos|chaosUpgrade|postgresLost|relayKilled|feeds)|start|benches|core\/presencePlans)\.test\.ts$/;

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
