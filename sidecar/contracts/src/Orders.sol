// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// The orders of the escrow as EIP-712 structs. Those of the witnesses share one space of nonces, which the Stkr chain
// assigns, and end with `expiry`, the last block timestamp in Unix seconds at which they may be executed, and
// `witnessSetId`, the set that signed. The same types in TypeScript: eip712.ts.

/// @notice An order to pay out of the escrow (ESC-2).
/// @param nonce order number given by the Stkr chain; one space for all orders of the witnesses
/// @param asset what is paid: the zero address for ETH, else a listed token
/// @param amount in the asset's smallest unit (wei for ETH)
/// @param recipient the account on Ethereum that is paid
struct Release {
    uint256 nonce;
    address asset;
    uint256 amount;
    address recipient;
    uint64 expiry;
    uint64 witnessSetId;
}

/// @notice An order to deposit ETH for a validator; its withdrawal credentials are always the escrow's own (ESC-6).
/// @param pubkey the validator's BLS12-381 public key, 48 bytes compressed
/// @param signature BLS12-381 signature of the deposit message, 96 bytes. Ethereum does not verify it before the
///        ETH is gone: each witness has to, before it signs this order
/// @param depositDataRoot SSZ hash tree root of the deposit data
/// @param amount in wei; the deposit contract takes whole gwei from 1 ether up
struct Stake {
    uint256 nonce;
    bytes pubkey;
    bytes signature;
    bytes32 depositDataRoot;
    uint256 amount;
    uint64 expiry;
    uint64 witnessSetId;
}

/// @notice An order to withdraw from a validator, or to exit it, by EIP-7002 (ESC-6).
/// @param pubkey the validator's BLS12-381 public key, 48 bytes compressed
/// @param amountGwei 0 for a full exit; a part is ignored by the Beacon chain unless the validator has 0x02 credentials
struct Exit {
    uint256 nonce;
    bytes pubkey;
    uint64 amountGwei;
    uint64 expiry;
    uint64 witnessSetId;
}

/// @notice The present witness set hands over to the next (ESC-3).
/// @param newSetId id of the next set, above the present one
/// @param threshold how many of `witnesses` must sign: more than 2/3
/// @param blsKeys a BLS key for each of `witnesses`, in their order, 128 bytes as EIP-2537 encodes them; or empty
/// @param graceUntil last block timestamp at which the leaving set's releases, stakes and exits are still executed
struct Rotate {
    uint256 nonce;
    uint64 newSetId;
    address[] witnesses;
    uint256 threshold;
    bytes blsKeys;
    uint64 graceUntil;
    uint64 expiry;
    uint64 witnessSetId;
}

/// @notice Lists an asset, or changes the terms of a listed one (ESC-1, ESC-5).
/// @param minimumLock least amount of a lock
/// @param floorCap outflow that each day allows whatever went out before
/// @param delayAbove releases of more wait a day
struct List {
    uint256 nonce;
    address asset;
    uint256 minimumLock;
    uint256 floorCap;
    uint256 delayAbove;
    uint64 expiry;
    uint64 witnessSetId;
}

/// @notice Ends locks for good (ESC-4).
/// @param successor the escrow that takes locks instead; zero if there is none
struct Close {
    uint256 nonce;
    address successor;
    uint64 expiry;
    uint64 witnessSetId;
}

/// @notice Sets the least time between a validator's first ether and the other 31 (ESC-6).
/// @param delaySeconds time for the witnesses to prove the first deposit's withdrawal credentials
struct Guard {
    uint256 nonce;
    uint64 delaySeconds;
    uint64 expiry;
    uint64 witnessSetId;
}

/// @notice The council hands over to the next (ESC-5).
struct RotateCouncil {
    uint64 newCouncilId;
    address[] members;
    uint256 threshold;
    uint64 expiry;
}

/// @title Struct hashes of the orders
library Orders {
    bytes32 private constant RELEASE = keccak256(
        "Release(uint256 nonce,address asset,uint256 amount,address recipient,uint64 expiry,uint64 witnessSetId)"
    );
    bytes32 private constant STAKE = keccak256(
        "Stake(uint256 nonce,bytes pubkey,bytes signature,bytes32 depositDataRoot,uint256 amount,uint64 expiry,uint64 witnessSetId)"
    );
    bytes32 private constant EXIT =
        keccak256("Exit(uint256 nonce,bytes pubkey,uint64 amountGwei,uint64 expiry,uint64 witnessSetId)");
    bytes32 private constant ROTATE = keccak256(
        "Rotate(uint256 nonce,uint64 newSetId,address[] witnesses,uint256 threshold,bytes blsKeys,uint64 graceUntil,uint64 expiry,uint64 witnessSetId)"
    );
    bytes32 private constant LIST = keccak256(
        "List(uint256 nonce,address asset,uint256 minimumLock,uint256 floorCap,uint256 delayAbove,uint64 expiry,uint64 witnessSetId)"
    );
    bytes32 private constant CLOSE =
        keccak256("Close(uint256 nonce,address successor,uint64 expiry,uint64 witnessSetId)");
    bytes32 private constant GUARD =
        keccak256("Guard(uint256 nonce,uint64 delaySeconds,uint64 expiry,uint64 witnessSetId)");
    bytes32 private constant ROTATE_COUNCIL =
        keccak256("RotateCouncil(uint64 newCouncilId,address[] members,uint256 threshold,uint64 expiry)");
    bytes32 private constant PAUSE = keccak256("Pause(uint64 number)");
    bytes32 private constant UNPAUSE = keccak256("Unpause(uint64 number)");
    bytes32 private constant VETO = keccak256("Veto(uint256 nonce)");

    function hash(Release calldata order) internal pure returns (bytes32) {
        return keccak256(abi.encode(RELEASE, order));
    }

    function hash(Stake calldata order) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                STAKE,
                order.nonce,
                keccak256(order.pubkey),
                keccak256(order.signature),
                order.depositDataRoot,
                order.amount,
                order.expiry,
                order.witnessSetId
            )
        );
    }

    function hash(Exit calldata order) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(EXIT, order.nonce, keccak256(order.pubkey), order.amountGwei, order.expiry, order.witnessSetId)
        );
    }

    function hash(Rotate calldata order) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                ROTATE,
                order.nonce,
                order.newSetId,
                keccak256(abi.encodePacked(order.witnesses)),
                order.threshold,
                keccak256(order.blsKeys),
                order.graceUntil,
                order.expiry,
                order.witnessSetId
            )
        );
    }

    function hash(List calldata order) internal pure returns (bytes32) {
        return keccak256(abi.encode(LIST, order));
    }

    function hash(Close calldata order) internal pure returns (bytes32) {
        return keccak256(abi.encode(CLOSE, order));
    }

    function hash(Guard calldata order) internal pure returns (bytes32) {
        return keccak256(abi.encode(GUARD, order));
    }

    function hash(RotateCouncil calldata order) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                ROTATE_COUNCIL,
                order.newCouncilId,
                keccak256(abi.encodePacked(order.members)),
                order.threshold,
                order.expiry
            )
        );
    }

    /// @dev `number` counts the pauses before this one, so that a signature pauses once.
    function hashPause(uint64 number) internal pure returns (bytes32) {
        return keccak256(abi.encode(PAUSE, number));
    }

    function hashUnpause(uint64 number) internal pure returns (bytes32) {
        return keccak256(abi.encode(UNPAUSE, number));
    }

    /// @param nonce of the release that is never to be paid
    function hashVeto(uint256 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode(VETO, nonce));
    }
}
