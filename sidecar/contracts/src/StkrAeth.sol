// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title aETH of the Stkr chain, wrapped out to Ethereum (ESC-8)
/// @notice Each unit stands for one that is held back on the Stkr chain. It earns rewards again once it is home.
contract StkrAeth is ERC20 {
    /// @notice The escrow that deployed this token, and the only one to mint and burn it.
    address public immutable escrow;

    /// @notice Only the escrow may do this.
    error NotEscrow(address caller);

    modifier onlyEscrow() {
        if (msg.sender != escrow) revert NotEscrow(msg.sender);
        _;
    }

    constructor() ERC20("Stkr aETH", "aETH") {
        escrow = msg.sender;
    }

    /// @param amount in units of 10^-18
    function mint(address account, uint256 amount) external onlyEscrow {
        _mint(account, amount);
    }

    /// @dev The escrow burns its caller's own alone, so no allowance is needed.
    function burn(address account, uint256 amount) external onlyEscrow {
        _burn(account, amount);
    }
}
