// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Bls} from "./Bls.sol";
import {CodeStorage} from "./CodeStorage.sol";

/// @title A set of signers, a threshold, and the check of signatures against both
library SignerSets {
    /// @param validUntil last block timestamp at which the set counts, in Unix seconds
    /// @param threshold how many members must sign
    /// @param blsKeys where the members' BLS keys are kept, in their order; zero if the set has none
    struct Set {
        uint64 validUntil;
        uint32 threshold;
        address blsKeys;
        address[] members;
        mapping(address account => bool) contains;
    }

    /// @notice A member of the set is the zero address.
    error ZeroWitness(uint256 index);
    /// @notice A member occurs twice in the set.
    error DuplicateWitness(address witness);
    /// @notice Fewer signatures than the threshold.
    error TooFewSignatures(uint256 given, uint256 required);
    /// @notice The signature at `index` is not 65 bytes `r ‖ s ‖ v` with low s and v of 27 or 28.
    error InvalidSignature(uint256 index, ECDSA.RecoverError reason);
    /// @notice Signatures must come in strictly ascending order of their signers, which also excludes duplicates.
    error SignersNotAscending(uint256 index, address previous, address signer);
    /// @notice The signer is not in the set, or it signed another order, contract or chain.
    error NotWitness(uint256 index, address signer);

    /// @notice BLS keys are 128 bytes for each member, or none at all.
    error InvalidBlsKeys(uint256 length, uint256 expected);
    /// @notice The set has no BLS keys: use signatures of the members' accounts.
    error NoBlsKeys();
    /// @notice A bit of the bitmap is beyond the set's last member.
    error UnknownSigners(uint256 signers, uint256 members);
    /// @notice The aggregate is not that of the signers named, or of another order, contract or chain.
    error InvalidAggregate();

    /// @dev The caller checks the threshold: witnesses and council have different rules. `set` must be new.
    function install(Set storage set, address[] memory members, uint256 threshold) internal {
        for (uint256 i = 0; i < members.length; ++i) {
            address member = members[i];
            if (member == address(0)) revert ZeroWitness(i);
            if (set.contains[member]) revert DuplicateWitness(member);
            set.contains[member] = true;
        }
        set.members = members;
        set.threshold = uint32(threshold);
        set.validUntil = type(uint64).max;
    }

    /// @dev Every signature given must be valid, also those beyond the requirement: a wrong one is a relayer's mistake.
    function check(Set storage set, uint256 required, bytes32 digest, bytes[] calldata signatures) internal view {
        if (signatures.length < required) revert TooFewSignatures(signatures.length, required);
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            (address signer, ECDSA.RecoverError reason,) = ECDSA.tryRecoverCalldata(digest, signatures[i]);
            if (reason != ECDSA.RecoverError.NoError) revert InvalidSignature(i, reason);
            if (signer <= previous) revert SignersNotAscending(i, previous, signer);
            if (!set.contains[signer]) revert NotWitness(i, signer);
            previous = signer;
        }
    }
    /// @dev Gives an installed set BLS keys. Whoever signs the set in vouches for each key's proof of possession, as for
    ///      the addresses: checked here it would cost 130,000 gas a key, and a quorum that lies could pay itself anyway.
    function installBls(Set storage set, bytes memory keys) internal {
        uint256 expected = set.members.length * Bls.KEY_BYTES;
        if (keys.length != expected) revert InvalidBlsKeys(keys.length, expected);
        set.blsKeys = CodeStorage.store(keys);
    }

    /// @param signers bit i stands for the member at i
    function checkAggregate(Set storage set, bytes32 digest, uint256 signers, bytes calldata signature) internal view {
        address keys = set.blsKeys;
        if (keys == address(0)) revert NoBlsKeys();
        if (signature.length != Bls.SIGNATURE_BYTES) revert InvalidAggregate();
        uint256 members = set.members.length;
        if (signers >> members != 0) revert UnknownSigners(signers, members);
        bytes memory sum = new bytes(Bls.KEY_BYTES);
        uint256 count = 0;
        for (uint256 i = 0; i < members; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            sum = Bls.add(sum, CodeStorage.read(keys, i * Bls.KEY_BYTES, Bls.KEY_BYTES));
            ++count;
        }
        if (count < set.threshold) revert TooFewSignatures(count, set.threshold);
        if (!Bls.verify(sum, digest, signature)) revert InvalidAggregate();
    }
}
