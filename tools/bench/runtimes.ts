/** The runtimes under the clock: our variants, and the peers that are installed. */

import { readFileSync } from 'node:fs';
import type { Variant } from '../../fastpath/runtime/index.ts';
import { FileError } from '../errors.ts';
import { kernelsPath } from '../kernels.ts';
import { importPeer, type PeerName } from '../peer-modules.ts';
import type { Peer } from './session.ts';

/** The variants that this engine runs. */
export function supportedVariants(
  variants: readonly Variant[],
  notes: string[],
): readonly Variant[] {
  return variants.filter((variant) => {
    if (WebAssembly.validate(readFileSync(kernelsPath(variant)))) return true;
    notes.push(`${variant}: this engine does not have the instructions`);
    return false;
  });
}

/** Those of the peers whose packages are installed. */
export async function installedPeers(
  names: readonly PeerName[],
  notes: string[],
): Promise<readonly Peer[]> {
  const peers: Peer[] = [];
  for (const name of names) {
    try {
      const peer = await importPeer(name);
      if (!isPeer(peer)) throw new TypeError(`Expected ${name} as { name, open }`);
      peers.push(peer);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      notes.push(error.message);
    }
  }
  return peers;
}

function isPeer(value: unknown): value is Peer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'open' in value &&
    typeof value.open === 'function'
  );
}
