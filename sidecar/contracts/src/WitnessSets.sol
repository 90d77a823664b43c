// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Orders, Rotate} from "./Orders.sol";
import {SignerSets} from "./SignerSets.sol";

/// @title Witness sets, the orders they sign, and the nonces of those orders (ESC-2, ESC-3)
/// @dev Payments may be signed by the present set, or by one that was rotated out and is within its grace. What governs
///      the escrow may be signed by the present set alone.
abstract contract WitnessSets is EIP712 {
    using BitMaps for BitMaps.BitMap;
    using Orders for Rotate;
    using SignerSets for SignerSets.Set;

    /// @notice Longest grace of a set that was rotated out: two policy periods.
    uint256 public constant MAX_GRACE_SECONDS = 14 days;

    /// @notice Id of the present witness set on the Stkr chain.
    uint64 public witnessSetId;

    mapping(uint64 setId => SignerSets.Set) private _sets;
    BitMaps.BitMap private _spentNonces;
    BitMaps.BitMap private _vetoedNonces;

    /// @notice The witness set `newSetId` took over; the leaving one counts until `graceUntil` (ESC-3).
    event WitnessesRotated(
        uint256 indexed nonce, uint64 indexed newSetId, address[] witnesses, uint256 threshold, uint64 graceUntil
    );

    /// @notice The threshold is not in (2/3 of the witnesses, all of them].
    error InvalidThreshold(uint256 threshold, uint256 witnesses);
    /// @notice The order was signed for a witness set that is unknown or past its grace, or, where only the present set
    ///         may sign, for another than that.
    error WrongWitnessSet(uint64 given, uint64 expected);
    /// @notice The next set's id is not above the present one.
    error SetIdNotRising(uint64 given, uint64 present);
    /// @notice The grace ends later than `MAX_GRACE_SECONDS` from now.
    error GraceTooLong(uint64 graceUntil, uint256 latest);
    /// @notice The block's timestamp is past the order's expiry.
    error OrderExpired(uint256 nonce, uint64 expiry, uint256 timestamp);
    /// @notice The order's nonce was spent before.
    error NonceUsed(uint256 nonce);
    /// @notice The council vetoed the order.
    error NonceVetoed(uint256 nonce);

    constructor(address[] memory witnesses_, uint256 threshold_, uint64 setId, bytes memory blsKeys) {
        _install(setId, witnesses_, threshold_, blsKeys);
    }

    /// @notice Installs the next witness set (ESC-3). Anyone may relay it.
    /// @param order the next set
    /// @param signatures a quorum's of the present set, ascending by signer
    function rotate(Rotate calldata order, bytes[] calldata signatures) external {
        uint64 present = witnessSetId;
        _authorizeGoverning(order.nonce, order.expiry, order.witnessSetId, order.hash(), signatures);
        if (order.newSetId <= present) revert SetIdNotRising(order.newSetId, present);
        uint256 latest = block.timestamp + MAX_GRACE_SECONDS;
        if (order.graceUntil > latest) revert GraceTooLong(order.graceUntil, latest);
        _sets[present].validUntil = order.graceUntil;
        _install(order.newSetId, order.witnesses, order.threshold, order.blsKeys);
        emit WitnessesRotated(order.nonce, order.newSetId, order.witnesses, order.threshold, order.graceUntil);
    }

    /// @notice All present witnesses, in the order in which they were installed.
    function witnesses() external view returns (address[] memory) {
        return _sets[witnessSetId].members;
    }

    /// @notice Whether an account is a present witness.
    function isWitness(address account) external view returns (bool) {
        return _sets[witnessSetId].contains[account];
    }

    /// @notice How many of the present witnesses must sign an order; more than two thirds of them.
    function threshold() public view returns (uint256) {
        return _sets[witnessSetId].threshold;
    }

    /// @notice Last block timestamp at which payments signed by the set are executed; 0 for a set never installed.
    function setValidUntil(uint64 setId) external view returns (uint64) {
        return _sets[setId].validUntil;
    }

    /// @notice Whether an order with this nonce was executed. A vetoed one was not, and never will be.
    function isUsed(uint256 nonce) external view returns (bool) {
        return _spentNonces.get(nonce) && !_vetoedNonces.get(nonce);
    }

    /// @notice Whether the council vetoed the release with this nonce.
    function isVetoed(uint256 nonce) external view returns (bool) {
        return _vetoedNonces.get(nonce);
    }

    /// @dev For orders that govern: by the present set alone. Spends the nonce.
    function _authorizeGoverning(
        uint256 nonce,
        uint64 expiry,
        uint64 setId,
        bytes32 structHash,
        bytes[] calldata signatures
    ) internal {
        _spend(nonce, expiry);
        _requireGoverning(setId, _hashTypedDataV4(structHash), signatures);
    }

    /// @dev A quorum of the set, which must be the present one.
    function _requireGoverning(uint64 setId, bytes32 digest, bytes[] calldata signatures) internal view {
        if (setId != witnessSetId) revert WrongWitnessSet(setId, witnessSetId);
        _requireWitnesses(threshold(), digest, signatures);
    }

    /// @dev A quorum of the set, which must be present or within its grace.
    function _requireQuorum(uint64 setId, bytes32 digest, bytes[] calldata signatures) internal view {
        SignerSets.Set storage set = _countingSet(setId);
        set.check(set.threshold, digest, signatures);
    }

    /// @dev As `_requireQuorum`, by the set's BLS keys.
    function _requireAggregate(uint64 setId, bytes32 digest, uint256 signers, bytes calldata signature) internal view {
        _countingSet(setId).checkAggregate(digest, signers, signature);
    }

    /// @dev At least `required` of the present witnesses.
    function _requireWitnesses(uint256 required, bytes32 digest, bytes[] calldata signatures) internal view {
        _sets[witnessSetId].check(required, digest, signatures);
    }

    /// @dev Neither expired nor spent; at most one order of a nonce is ever executed.
    function _requireOpen(uint256 nonce, uint64 expiry) internal view {
        if (block.timestamp > expiry) revert OrderExpired(nonce, expiry, block.timestamp);
        if (!_spentNonces.get(nonce)) return;
        if (_vetoedNonces.get(nonce)) revert NonceVetoed(nonce);
        revert NonceUsed(nonce);
    }

    function _spend(uint256 nonce, uint64 expiry) internal {
        _requireOpen(nonce, expiry);
        _spentNonces.set(nonce);
    }

    function _spendAsVetoed(uint256 nonce) internal {
        _spentNonces.set(nonce);
        _vetoedNonces.set(nonce);
    }

    function _countingSet(uint64 setId) private view returns (SignerSets.Set storage set) {
        set = _sets[setId];
        if (block.timestamp > set.validUntil) revert WrongWitnessSet(setId, witnessSetId);
    }

    function _install(uint64 setId, address[] memory members, uint256 threshold_, bytes memory blsKeys) private {
        if (threshold_ * 3 <= members.length * 2 || threshold_ > members.length) {
            revert InvalidThreshold(threshold_, members.length);
        }
        _sets[setId].install(members, threshold_);
        if (blsKeys.length > 0) _sets[setId].installBls(blsKeys);
        witnessSetId = setId;
    }
}
