import { base58Encode, ed25519PairFromSeed } from '@polkadot/util-crypto'
import { concatBytes } from '@stkr/node/src/scale/codec.ts'

/** Identity multihash (0x00) of 36 bytes: a protobuf key of type Ed25519 (08 01) with 32 bytes of data (12 20). */
const ED25519_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** libp2p's peer id of the node whose secret key (`--node-key`) is this 32-byte seed. */
export const peerId = (nodeKey: Uint8Array): string => base58Encode(concatBytes(ED25519_PREFIX, ed25519PairFromSeed(nodeKey).publicKey))
