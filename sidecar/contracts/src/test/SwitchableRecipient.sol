// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A recipient that refuses payments until it is told to take them
contract SwitchableRecipient {
    bool public accepting;

    error Refused();

    function setAccepting(bool accepting_) external {
        accepting = accepting_;
    }

    receive() external payable {
        if (!accepting) revert Refused();
    }
}
