// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A token of the old kind, whose transfers return nothing
contract SilentToken {
    mapping(address account => uint256) public balanceOf;

    constructor(address holder) {
        balanceOf[holder] = 1_000_000 ether;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    /// @dev Everybody is allowed: allowances are not what is tested.
    function transferFrom(address from, address to, uint256 amount) external {
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
