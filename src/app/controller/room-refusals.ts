import type { Interceptor } from '../../csi/grpc-binding.ts';
import { codeOf } from '../../storage/failures.ts';

/** Reports each call that is refused because a pool has too little room. The calls change in nothing. */
export function onRoomRefused(tell: () => void): Interceptor {
  return async (_rpc, next) => {
    try {
      return await next();
    } catch (error) {
      if (codeOf(error) === 'RC-SPACE') tell();
      throw error;
    }
  };
}
