// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Council} from "./Council.sol";
import {Orders} from "./Orders.sol";

/// @title The wait of what could empty the escrow, and its veto (ESC-5)
/// @dev Large releases wait, and so do terms that would let more out: else a stolen quorum could lift the limits first.
abstract contract Delays is Council {
    /// @param digest of the order that waits
    /// @param executableAt first block timestamp at which it may be executed, in Unix seconds; 0 if none waits
    struct Delay {
        bytes32 digest;
        uint64 executableAt;
    }

    /// @notice How long such an order waits.
    uint64 public constant DELAY_SECONDS = 24 hours;

    /// @notice The order that waits under a nonce.
    mapping(uint256 nonce => Delay) public delayed;

    /// @notice The council forbade an order that waited; a release is refunded on the Stkr chain (ESC-5).
    event Vetoed(uint256 indexed nonce);

    /// @notice The order waits until `executableAt`, in Unix seconds.
    error OrderDelayed(uint256 nonce, uint64 executableAt);
    /// @notice The order has to wait, and would expire before it had.
    error ExpiryBeforeDelay(uint64 expiry, uint64 executableAt);
    /// @notice Another order waits under this nonce.
    error NonceDelayed(uint256 nonce);
    /// @notice No order waits under this nonce.
    error NothingDelayed(uint256 nonce);

    /// @notice Forbids an order that waits, for ever (ESC-5). Anyone may relay it.
    /// @param nonce of the order
    /// @param signatures a quorum's of the council, ascending by signer
    function veto(uint256 nonce, bytes[] calldata signatures) external {
        if (delayed[nonce].executableAt == 0) revert NothingDelayed(nonce);
        _requireOpen(nonce, type(uint64).max);
        _requireCouncil(Orders.hashVeto(nonce), signatures);
        _spendAsVetoed(nonce);
        emit Vetoed(nonce);
    }

    /// @dev False for an order that has not begun to wait; true once it has waited: its signatures were checked when it
    ///      began.
    function _hasWaited(uint256 nonce, bytes32 digest) internal view returns (bool) {
        Delay storage delay = delayed[nonce];
        if (delay.executableAt == 0) return false;
        if (delay.digest != digest) revert NonceDelayed(nonce);
        if (block.timestamp < delay.executableAt) revert OrderDelayed(nonce, delay.executableAt);
        return true;
    }

    /// @dev The caller has checked the signatures.
    function _beginDelay(uint256 nonce, uint64 expiry, bytes32 digest) internal returns (uint64 executableAt) {
        executableAt = uint64(block.timestamp) + DELAY_SECONDS;
        if (expiry < executableAt) revert ExpiryBeforeDelay(expiry, executableAt);
        delayed[nonce] = Delay(digest, executableAt);
    }
}
