/** Conditions as CSI 1.13 has them (docs/health.md). */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { CONDITIONS, type Condition, conditionSentence, type Severity } from '../failures/conditions.ts';
import { shorten } from '../failures/message.ts';
import { VolumeHealthErrorType as Type, type VolumeHealthSchema } from './gen/csi_pb.js';

const TYPES: Readonly<Record<Severity, Type>> = {
  degraded: Type.DEGRADED,
  inaccessible: Type.INACCESSIBLE,
  dataLoss: Type.DATA_LOSS,
};

/** The general limit of CSI for a string. The remedy is not in it: the reason leads to it. */
const MAX_MESSAGE_BYTES = 128;

export function healthMessage(
  volumeId: string,
  conditions: readonly Condition[],
): MessageInitShape<typeof VolumeHealthSchema> {
  return {
    volumeId,
    healthStatuses: conditions.map((condition) => ({
      status: TYPES[CONDITIONS[condition.code].severity],
      reason: condition.code,
      message: conditionText(condition),
    })),
  };
}

/** What was found, for a field of CSI. */
export function conditionText(condition: Condition): string {
  return shorten(conditionSentence(condition), MAX_MESSAGE_BYTES);
}
