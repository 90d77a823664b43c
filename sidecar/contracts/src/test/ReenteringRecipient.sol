// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../Escrow.sol";

/// @title A recipient that, while it is paid, calls back whatever it was told to
/// @dev It swallows the callback's failure and keeps the reason, so that a test sees both the payment and the attempt.
contract ReenteringRecipient {
    Escrow private immutable _escrow;
    bytes private _callback;
    uint256 private _callbackWei;

    bool public attempted;
    bool public succeeded;
    bytes public reason;

    constructor(Escrow escrow) {
        _escrow = escrow;
    }

    /// @param callback calldata of the call to the escrow made at the next payment
    /// @param callbackWei value sent along, out of that payment
    function arm(bytes calldata callback, uint256 callbackWei) external {
        _callback = callback;
        _callbackWei = callbackWei;
    }

    /// @notice Calls the escrow itself, with the ETH sent along.
    function forward(bytes calldata call) external payable {
        (bool success,) = address(_escrow).call{value: msg.value}(call);
        require(success);
    }

    receive() external payable {
        attempted = true;
        (succeeded, reason) = address(_escrow).call{value: _callbackWei}(_callback);
    }
}
