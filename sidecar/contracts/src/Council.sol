// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Orders, RotateCouncil} from "./Orders.sol";
import {SignerSets} from "./SignerSets.sol";
import {WitnessSets} from "./WitnessSets.sol";

/// @title The council: keys of the governors, who may stop payments and start none (ESC-5)
/// @dev It can veto a release that waits and pause the escrow. It cannot pay, stake, list, rotate witnesses or unpause.
abstract contract Council is WitnessSets {
    using Orders for RotateCouncil;
    using SignerSets for SignerSets.Set;

    mapping(uint64 councilId => SignerSets.Set) private _councils;

    /// @notice Id of the present council.
    uint64 public councilId;

    /// @notice The council `newCouncilId` took over.
    event CouncilRotated(uint64 indexed newCouncilId, address[] members, uint256 threshold);

    /// @notice The threshold is not in (1/2 of the council, all of it].
    error InvalidCouncilThreshold(uint256 threshold, uint256 members);
    /// @notice The next council's id is not above the present one.
    error CouncilIdNotRising(uint64 given, uint64 present);
    /// @notice The block's timestamp is past the expiry of the order that installs a council.
    error CouncilOrderExpired(uint64 expiry, uint256 timestamp);
    /// @notice The escrow has no council yet.
    error NoCouncil();

    /// @dev Without members there is no council until the witnesses install one.
    constructor(address[] memory members, uint256 threshold_) {
        if (members.length > 0) _installCouncil(0, members, threshold_);
    }

    /// @notice Installs the next council. Anyone may relay it.
    /// @param order the next council
    /// @param signatures a quorum's of the present council; of the witnesses while there is none. Ascending by signer
    function rotateCouncil(RotateCouncil calldata order, bytes[] calldata signatures) external {
        if (block.timestamp > order.expiry) revert CouncilOrderExpired(order.expiry, block.timestamp);
        if (order.newCouncilId <= councilId) revert CouncilIdNotRising(order.newCouncilId, councilId);
        bytes32 structHash = order.hash();
        if (_councils[councilId].threshold == 0) {
            _requireWitnesses(threshold(), _hashTypedDataV4(structHash), signatures);
        } else {
            _requireCouncil(structHash, signatures);
        }
        _installCouncil(order.newCouncilId, order.members, order.threshold);
        emit CouncilRotated(order.newCouncilId, order.members, order.threshold);
    }

    /// @notice The present council's members and how many of them must sign.
    function council() external view returns (address[] memory members, uint256 threshold_) {
        SignerSets.Set storage set = _councils[councilId];
        return (set.members, set.threshold);
    }

    function _requireCouncil(bytes32 structHash, bytes[] calldata signatures) internal view {
        SignerSets.Set storage set = _councils[councilId];
        if (set.threshold == 0) revert NoCouncil();
        set.check(set.threshold, _hashTypedDataV4(structHash), signatures);
    }

    /// @dev More than half, so that no two halves can act against each other.
    function _installCouncil(uint64 id, address[] memory members, uint256 threshold_) private {
        if (threshold_ * 2 <= members.length || threshold_ > members.length) {
            revert InvalidCouncilThreshold(threshold_, members.length);
        }
        _councils[id].install(members, threshold_);
        councilId = id;
    }
}
