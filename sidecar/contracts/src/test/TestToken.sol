// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that can keep a fee, take more than it is told to, and call back while it moves
contract TestToken is ERC20 {
    uint256 private immutable _feePercent;
    uint256 private _extra;
    address private _target;
    bytes private _callback;

    bool public succeeded;
    bytes public reason;

    /// @param feePercent of each transfer that is burned
    constructor(uint256 feePercent, address holder) ERC20("Test", "TEST") {
        _feePercent = feePercent;
        _mint(holder, 1_000_000 ether);
    }

    /// @param extra burned from the sender of each later transfer, on top
    function setExtra(uint256 extra) external {
        _extra = extra;
    }

    /// @param callback calldata of the call to `target` made during the next transfer
    function arm(address target, bytes calldata callback) external {
        _target = target;
        _callback = callback;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from == address(0) || to == address(0)) return;
        if (_feePercent > 0) _burn(to, amount * _feePercent / 100);
        if (_extra > 0) _burn(from, _extra);
        if (_target != address(0)) {
            (succeeded, reason) = _target.call(_callback);
            _target = address(0);
        }
    }
}
