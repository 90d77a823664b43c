// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {FlowCap} from "./FlowCap.sol";
import {Close, List, Orders} from "./Orders.sol";
import {Pausing} from "./Pausing.sol";
import {StkrAeth} from "./StkrAeth.sol";

/// @title Assets, their books, and what comes in (ESC-1, ESC-5, ESC-8)
/// @dev For ETH and each token `accounted` is at most what the escrow holds, at every moment; aETH is minted and burned
///      here, so its books are its total supply.
abstract contract Vault is Pausing, ReentrancyGuardTransient {
    using FlowCap for FlowCap.Flow;
    using Orders for List;
    using Orders for Close;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @param listed whether the asset comes in and goes out at all
    /// @param floorCap outflow that each day allows whatever went out before
    /// @param delayAbove releases of more wait a day
    /// @param minimumLock least amount of a lock
    struct Policy {
        bool listed;
        uint112 floorCap;
        uint112 delayAbove;
        uint256 minimumLock;
    }

    /// @notice The asset id that stands for ETH.
    address public constant ETH = address(0);

    /// @notice Whether locks have ended for good.
    /// @dev First of the storage here, to share a word with `paused`, which every lock reads too.
    bool public closed;

    /// @notice aETH on Ethereum.
    StkrAeth public immutable aeth;

    /// @notice The nonce of the next lock, which is the number of locks so far.
    uint256 public lockNonce;

    /// @notice The number of the next sweep that booked something.
    uint256 public returnNonce;

    /// @notice The escrow that takes locks instead, if there is one.
    address public successor;

    /// @notice The terms of an asset.
    mapping(address asset => Policy) public policy;

    mapping(address asset => uint256) private _accounted;
    mapping(address asset => FlowCap.Flow) private _flows;

    /// @notice An asset came in; the Stkr chain mints `amount` to `recipient` once the block is finalized (ESC-1).
    /// @param nonce counts from 0 without gaps
    /// @param recipient AccountId32 on the Stkr chain
    event Locked(
        uint256 indexed nonce, address indexed asset, address indexed sender, bytes32 recipient, uint256 amount
    );

    /// @notice ETH came in without a call, as withdrawals of the Beacon chain do, and is now in the books (ESC-6).
    /// @param nonce counts from 0 without gaps
    event Returned(uint256 indexed nonce, uint256 amount);

    /// @notice The terms of an asset were set (ESC-1, ESC-5).
    event Listed(
        uint256 indexed nonce, address indexed asset, uint256 minimumLock, uint256 floorCap, uint256 delayAbove
    );

    /// @notice Terms that would let more out wait; call `list` with the same order again from `executableAt` on (ESC-5).
    event ListDelayed(uint256 indexed nonce, address indexed asset, uint64 executableAt);

    /// @notice Locks ended for good (ESC-4).
    event Closed(uint256 indexed nonce, address indexed successor);

    /// @notice ETH was sent without `lock`, so there is no Stkr account to credit.
    error PlainTransferRefused(address sender, uint256 amount);
    /// @notice The recipient is the zero account.
    error ZeroRecipient();
    /// @notice The lock is below the asset's minimum.
    error AmountBelowMinimum(uint256 amount, uint256 minimum);
    /// @notice The ETH sent along is not the amount to lock: for tokens and aETH send none.
    error WrongValue(uint256 given, uint256 expected);
    /// @notice The asset is not listed, or, in a list order, there is no contract at its address.
    error UnsupportedAsset(address asset);
    /// @notice Locks have ended; use the escrow at `successor`.
    error EscrowClosed(address successor);
    /// @notice The escrow holds less than the order asks for.
    error InsufficientBalance(uint256 balance, uint256 amount);
    /// @notice The token took more than it was told to pay, which the books do not cover.
    error ReserveShort(address asset, uint256 balance, uint256 accounted);
    /// @notice There is nothing to book.
    error NothingReturned();

    constructor(uint256 minimumLock, uint256 floorCap, uint256 delayAbove) {
        aeth = new StkrAeth();
        _setPolicy(ETH, minimumLock, floorCap, delayAbove);
    }

    /// @notice Refuses ETH sent without `lock`, so that nobody loses it by mistake.
    /// @dev Withdrawals of the Beacon chain raise the balance without calling the contract, so they still arrive.
    receive() external payable {
        revert PlainTransferRefused(msg.sender, msg.value);
    }

    /// @notice Locks the ETH sent along for an account on the Stkr chain (ESC-1). Anyone may call it.
    /// @dev Calls nobody, so it needs no reentrancy guard; a recipient of a release may lock again at once.
    /// @param recipient AccountId32 on the Stkr chain, not zero
    function lock(bytes32 recipient) external payable {
        _requireLockable(ETH, recipient);
        _book(ETH, recipient, msg.value);
    }

    /// @notice Locks an asset for an account on the Stkr chain (ESC-1), or sends aETH home (ESC-8). Anyone may call it.
    /// @dev Of a token the escrow credits what arrives, which a fee on transfers makes less than `amount`.
    /// @param asset ETH, with `amount` sent along; aETH, which is burned; or a listed token that the sender approved
    /// @param amount in the asset's smallest unit
    /// @param recipient AccountId32 on the Stkr chain, not zero
    function lock(address asset, uint256 amount, bytes32 recipient) external payable nonReentrant {
        _requireLockable(asset, recipient);
        uint256 value = asset == ETH ? amount : 0;
        if (msg.value != value) revert WrongValue(msg.value, value);
        if (asset == address(aeth)) {
            aeth.burn(msg.sender, amount);
        } else if (asset != ETH) {
            uint256 before = IERC20(asset).balanceOf(address(this));
            IERC20(asset).safeTransferFrom(msg.sender, address(this), amount);
            amount = IERC20(asset).balanceOf(address(this)) - before;
        }
        _book(asset, recipient, amount);
    }

    /// @notice Books ETH that came without a call: withdrawals of validators (ESC-6). Anyone may call it.
    function sweep() external nonReentrant {
        if (!_sweep()) revert NothingReturned();
    }

    /// @notice Lists an asset or changes its terms (ESC-1, ESC-5). Terms that let more out than before, a new asset's among
    ///         them, are put in wait by the first call and set by a second one, which needs no signatures; others are set
    ///         at once. Anyone may relay it.
    /// @dev Not for tokens whose balances change without a transfer: the books would not follow.
    /// @param order the asset's terms
    /// @param signatures a quorum's of the present set, ascending by signer
    function list(List calldata order, bytes[] calldata signatures) external {
        if (order.asset != ETH && order.asset.code.length == 0) revert UnsupportedAsset(order.asset);
        _requireOpen(order.nonce, order.expiry);
        bytes32 digest = _hashTypedDataV4(order.hash());
        bool loosens = order.floorCap > policy[order.asset].floorCap || order.delayAbove > policy[order.asset].delayAbove;
        if (!loosens || !_hasWaited(order.nonce, digest)) {
            _requireGoverning(order.witnessSetId, digest, signatures);
            if (loosens) {
                emit ListDelayed(order.nonce, order.asset, _beginDelay(order.nonce, order.expiry, digest));
                return;
            }
        }
        _spend(order.nonce, order.expiry);
        _setPolicy(order.asset, order.minimumLock, order.floorCap, order.delayAbove);
        emit Listed(order.nonce, order.asset, order.minimumLock, order.floorCap, order.delayAbove);
    }

    /// @notice Ends locks for good; what is held goes on to be paid out (ESC-4). Anyone may relay it.
    /// @param order names the successor
    /// @param signatures a quorum's of the present set, ascending by signer
    function close(Close calldata order, bytes[] calldata signatures) external {
        _authorizeGoverning(order.nonce, order.expiry, order.witnessSetId, order.hash(), signatures);
        closed = true;
        successor = order.successor;
        emit Closed(order.nonce, order.successor);
    }

    /// @notice What the books say is held of an asset; of aETH, what is out on Ethereum. Proof of reserve (ESC-5).
    function accounted(address asset) external view returns (uint256) {
        return asset == address(aeth) ? aeth.totalSupply() : _accounted[asset];
    }

    /// @notice How much of an asset may still be released today (ESC-5).
    function availableToday(address asset) external view returns (uint256) {
        return _flows[asset].available(policy[asset].floorCap);
    }

    /// @dev The escrow must hold what an order pays. ETH that came home counts, so it is booked when it is needed.
    function _requireHeld(address asset, uint256 amount) internal {
        if (asset == address(aeth)) return;
        if (_accounted[asset] < amount && asset == ETH) _sweep();
        if (_accounted[asset] < amount) revert InsufficientBalance(_accounted[asset], amount);
    }

    /// @dev Takes `amount` out of the books, after `_requireHeld` and before any call out.
    function _unbook(address asset, uint256 amount) internal {
        if (asset != address(aeth)) _accounted[asset] -= amount;
    }

    function _chargeFlow(address asset, uint256 amount) internal {
        _flows[asset].charge(asset, policy[asset].floorCap, amount);
    }

    /// @dev A token that takes more than it should would eat what others locked.
    function _requireReserve(address asset) internal view {
        uint256 balance = IERC20(asset).balanceOf(address(this));
        if (balance < _accounted[asset]) revert ReserveShort(asset, balance, _accounted[asset]);
    }

    function _requireLockable(address asset, bytes32 recipient) private view whenRunning {
        if (closed) revert EscrowClosed(successor);
        if (recipient == bytes32(0)) revert ZeroRecipient();
        if (!policy[asset].listed) revert UnsupportedAsset(asset);
    }

    function _book(address asset, bytes32 recipient, uint256 amount) private {
        uint256 minimum = policy[asset].minimumLock;
        if (amount < minimum) revert AmountBelowMinimum(amount, minimum);
        if (asset != address(aeth)) _accounted[asset] += amount;
        emit Locked(lockNonce++, asset, msg.sender, recipient, amount);
    }

    function _sweep() private returns (bool) {
        uint256 surplus = address(this).balance - _accounted[ETH];
        if (surplus == 0) return false;
        _accounted[ETH] += surplus;
        emit Returned(returnNonce++, surplus);
        return true;
    }

    function _setPolicy(address asset, uint256 minimumLock, uint256 floorCap, uint256 delayAbove) private {
        policy[asset] = Policy(true, floorCap.toUint112(), delayAbove.toUint112(), minimumLock);
    }
}
