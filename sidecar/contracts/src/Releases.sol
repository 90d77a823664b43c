// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Orders, Release} from "./Orders.sol";
import {Vault} from "./Vault.sol";

/// @title What goes out to accounts: releases (ESC-2, ESC-5, ESC-8)
abstract contract Releases is Vault {
    using Orders for Release;
    using SafeERC20 for IERC20;

    /// @notice A release order was paid (ESC-2).
    event Released(uint256 indexed nonce, address indexed asset, address indexed recipient, uint256 amount);

    /// @notice A large release waits; call `release` with the same order again from `executableAt` on (ESC-5).
    event Delayed(uint256 indexed nonce, address indexed asset, address indexed recipient, uint256 amount, uint64 executableAt);

    /// @notice The recipient did not take the ETH. The order stays open until its expiry.
    error PaymentFailed(address recipient, uint256 amount);

    /// @notice Pays a release order (ESC-2); one above the asset's `delayAbove` is put in wait by the first call and paid
    ///         by a second one (ESC-5), which needs no signatures. Anyone may relay it.
    /// @dev The recipient gets all the gas, so that contract wallets can take the payment; reentry finds the nonce spent
    ///      and the guard shut. What the recipient returns is not copied. If it reverts, so does everything: the order
    ///      can be tried again until its expiry, then the Stkr chain refunds it.
    /// @param order what to pay
    /// @param signatures at least `threshold` witness signatures of `releaseDigest(order)`, ascending by signer
    function release(Release calldata order, bytes[] calldata signatures) external nonReentrant whenRunning {
        bytes32 digest = releaseDigest(order);
        if (_isSettled(order, digest)) return _pay(order);
        _requireQuorum(order.witnessSetId, digest, signatures);
        _payOrDelay(order, digest);
    }

    /// @notice As `release`, for one aggregate signature of the witnesses' BLS keys (ESC-6). Anyone may relay it.
    /// @param order what to pay
    /// @param signers bitmap of the witnesses that signed, bit i for the one at i; at least `threshold`
    /// @param signature the sum of their signatures of `releaseDigest(order)`, 256 bytes as EIP-2537 encodes a G2 point
    function releaseAggregated(Release calldata order, uint256 signers, bytes calldata signature)
        external
        nonReentrant
        whenRunning
    {
        bytes32 digest = releaseDigest(order);
        if (_isSettled(order, digest)) return _pay(order);
        _requireAggregate(order.witnessSetId, digest, signers, signature);
        _payOrDelay(order, digest);
    }

    /// @notice The EIP-712 digest the witnesses sign for a release.
    function releaseDigest(Release calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(order.hash());
    }

    /// @dev Checks what needs no signature; true for a large release that has waited.
    function _isSettled(Release calldata order, bytes32 digest) private returns (bool) {
        if (!policy[order.asset].listed) revert UnsupportedAsset(order.asset);
        if (order.recipient == address(0)) revert ZeroRecipient();
        _requireOpen(order.nonce, order.expiry);
        _requireHeld(order.asset, order.amount);
        return _isLarge(order) && _hasWaited(order.nonce, digest);
    }

    function _isLarge(Release calldata order) private view returns (bool) {
        return order.amount > policy[order.asset].delayAbove;
    }

    function _payOrDelay(Release calldata order, bytes32 digest) private {
        if (!_isLarge(order)) return _pay(order);
        uint64 executableAt = _beginDelay(order.nonce, order.expiry, digest);
        emit Delayed(order.nonce, order.asset, order.recipient, order.amount, executableAt);
    }

    function _pay(Release calldata order) private {
        _spend(order.nonce, order.expiry);
        _chargeFlow(order.asset, order.amount);
        _unbook(order.asset, order.amount);
        emit Released(order.nonce, order.asset, order.recipient, order.amount);
        if (order.asset == ETH) {
            if (!LowLevelCall.callNoReturn(order.recipient, order.amount, "")) {
                revert PaymentFailed(order.recipient, order.amount);
            }
        } else if (order.asset == address(aeth)) {
            aeth.mint(order.recipient, order.amount);
        } else {
            IERC20(order.asset).safeTransfer(order.recipient, order.amount);
            _requireReserve(order.asset);
        }
    }
}
