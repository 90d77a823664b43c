// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Delays} from "./Delays.sol";
import {Orders} from "./Orders.sol";

/// @title The pause: any two witnesses or the council stop the escrow, a witness quorum starts it again (ESC-5)
/// @dev Stopped are releases, stakes and locks. A refused lock costs its sender only gas, while an accepted one would put
///      new money behind whatever went wrong. Exits and sweeps go on, as they bring money home; so do vetoes and
///      rotations, which may be the cure.
abstract contract Pausing is Delays {
    /// @notice How many witnesses stop the escrow, or the quorum if that is fewer: too few to steal, enough to be sure.
    uint256 public constant PAUSE_WITNESSES = 2;

    /// @notice Number of the present pause, or of the next one; signatures name it, so that each counts once.
    uint64 public pauseNumber;

    /// @notice Whether releases, stakes and locks are stopped.
    bool public paused;

    /// @notice Releases, stakes and locks are stopped.
    event Paused(uint64 indexed number);
    /// @notice They go on.
    event Unpaused(uint64 indexed number);

    /// @notice The escrow is paused; wait for `Unpaused`.
    error EscrowPaused(uint64 number);
    /// @notice The escrow is not paused.
    error NotPaused();
    /// @notice The signatures are for another pause.
    error WrongPauseNumber(uint64 given, uint64 expected);

    modifier whenRunning() {
        if (paused) revert EscrowPaused(pauseNumber);
        _;
    }

    /// @notice Stops the escrow. Anyone may relay it.
    /// @param number equal to `pauseNumber`
    /// @param signatures at least two present witnesses', ascending by signer
    function pause(uint64 number, bytes[] calldata signatures) external whenRunning {
        uint256 required = Math.min(PAUSE_WITNESSES, threshold());
        _requireWitnesses(required, _hashTypedDataV4(Orders.hashPause(number)), signatures);
        _pause(number);
    }

    /// @notice Stops the escrow. Anyone may relay it.
    /// @param number equal to `pauseNumber`
    /// @param signatures a quorum's of the council, ascending by signer
    function pauseByCouncil(uint64 number, bytes[] calldata signatures) external whenRunning {
        _requireCouncil(Orders.hashPause(number), signatures);
        _pause(number);
    }

    /// @notice Starts the escrow again. Anyone may relay it.
    /// @param number equal to `pauseNumber`
    /// @param signatures a quorum's of the present witnesses, ascending by signer
    function unpause(uint64 number, bytes[] calldata signatures) external {
        if (!paused) revert NotPaused();
        if (number != pauseNumber) revert WrongPauseNumber(number, pauseNumber);
        _requireWitnesses(threshold(), _hashTypedDataV4(Orders.hashUnpause(number)), signatures);
        paused = false;
        pauseNumber = number + 1;
        emit Unpaused(number);
    }

    function _pause(uint64 number) private {
        if (number != pauseNumber) revert WrongPauseNumber(number, pauseNumber);
        paused = true;
        emit Paused(number);
    }
}
