// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IDepositContract} from "./IDepositContract.sol";
import {Exit, Guard, Orders, Stake} from "./Orders.sol";
import {Vault} from "./Vault.sol";

/// @title Validators whose withdrawal address is the escrow: deposits and exits (ESC-6)
/// @dev Deposits are outside the flow cap: their amount follows the demand for staking. A stolen quorum could fund validators
///      whose credentials it set first; against that stand the wait between the two deposits, and the pause.
abstract contract Validators is Vault {
    using Orders for Stake;
    using Orders for Exit;
    using Orders for Guard;

    /// @notice Predeploy of EIP-7002 that takes withdrawal requests.
    address public constant WITHDRAWAL_REQUESTS = 0x00000961Ef480Eb55e80D19ad83579A64c007002;
    /// @notice The first deposit of a guarded validator.
    uint256 public constant FIRST_DEPOSIT = 1 ether;
    /// @notice The second and last deposit of a guarded validator.
    uint256 public constant SECOND_DEPOSIT = 31 ether;
    /// @notice Longest time that may be asked for between the two.
    uint64 public constant MAX_GUARD_SECONDS = 30 days;

    /// @notice The Beacon chain's deposit contract.
    IDepositContract public immutable depositContract;

    /// @notice Whether a validator is funded by 1 and then 31 ether. False only for the migration of a Stkr chain that
    ///         still orders 32 at once: then the witnesses alone stand against a front-run deposit.
    bool public immutable guardedDeposits;

    /// @notice Least time between a guarded validator's two deposits.
    uint64 public guardSeconds;

    /// @dev Timestamp of a validator's first deposit, and `_COMPLETE` after the second; by hash of its public key.
    mapping(bytes32 pubkeyHash => uint64) private _firstDepositAt;
    uint64 private constant _COMPLETE = type(uint64).max;

    /// @notice A stake order was deposited for the validator `pubkey` (ESC-6).
    event Staked(uint256 indexed nonce, bytes pubkey, uint256 amount);

    /// @notice A withdrawal was requested from the validator `pubkey`; 0 gwei is a full exit (ESC-6).
    event ExitRequested(uint256 indexed nonce, bytes pubkey, uint64 amountGwei, uint256 feeWei);

    /// @notice The least time between a validator's two deposits was set.
    event GuardSet(uint256 indexed nonce, uint64 delaySeconds);

    /// @notice There is no code at the deposit contract's address.
    error DepositContractMissing(address depositContract);
    /// @notice The next deposit of this validator must have another amount; 0 if it has had both.
    error UnexpectedDeposit(uint256 given, uint256 expected);
    /// @notice The second deposit comes too soon; wait until `earliest`, in Unix seconds.
    error DepositTooSoon(uint256 earliest);
    /// @notice The time between deposits is above `MAX_GUARD_SECONDS`.
    error GuardTooLong(uint64 delaySeconds, uint64 maximum);
    /// @notice A public key has 48 bytes.
    error InvalidPubkey(uint256 length);
    /// @notice The predeploy of EIP-7002 gives no fee: it is missing or not yet active on this network.
    error WithdrawalRequestsInactive();
    /// @notice The ETH sent along does not cover the request's fee.
    error FeeTooLow(uint256 given, uint256 required);
    /// @notice The predeploy refused the request.
    error RequestRefused();

    constructor(address depositContract_, bool guardedDeposits_, uint64 guardSeconds_) {
        if (depositContract_.code.length == 0) revert DepositContractMissing(depositContract_);
        depositContract = IDepositContract(depositContract_);
        guardedDeposits = guardedDeposits_;
        _setGuard(guardSeconds_);
    }

    /// @notice Deposits for a validator whose withdrawals come back to this contract (ESC-6). Anyone may relay it.
    /// @param order the validator's deposit data and amount
    /// @param signatures at least `threshold` witness signatures of `stakeDigest(order)`, ascending by signer
    function stake(Stake calldata order, bytes[] calldata signatures) external nonReentrant whenRunning {
        _spend(order.nonce, order.expiry);
        _requireHeld(ETH, order.amount);
        _requireQuorum(order.witnessSetId, stakeDigest(order), signatures);
        if (guardedDeposits) _guard(keccak256(order.pubkey), order.amount);

        _unbook(ETH, order.amount);
        emit Staked(order.nonce, order.pubkey, order.amount);
        depositContract.deposit{value: order.amount}(
            order.pubkey, abi.encodePacked(withdrawalCredentials()), order.signature, order.depositDataRoot
        );
    }

    /// @notice Withdraws from a validator, or exits it, without its key (ESC-6). Anyone may relay it, with ETH for the
    ///         request's fee; what the fee leaves goes back to the caller.
    /// @param order the validator and what to withdraw
    /// @param signatures at least `threshold` witness signatures of `exitDigest(order)`, ascending by signer
    function requestExit(Exit calldata order, bytes[] calldata signatures) external payable nonReentrant {
        if (order.pubkey.length != 48) revert InvalidPubkey(order.pubkey.length);
        _spend(order.nonce, order.expiry);
        _requireQuorum(order.witnessSetId, exitDigest(order), signatures);
        uint256 fee = exitFee();
        if (msg.value < fee) revert FeeTooLow(msg.value, fee);

        emit ExitRequested(order.nonce, order.pubkey, order.amountGwei, fee);
        (bool success,) = WITHDRAWAL_REQUESTS.call{value: fee}(abi.encodePacked(order.pubkey, order.amountGwei));
        if (!success) revert RequestRefused();
        if (msg.value > fee) Address.sendValue(payable(msg.sender), msg.value - fee);
    }

    /// @notice Sets the least time between a guarded validator's two deposits (ESC-6). Anyone may relay it.
    /// @param order the time
    /// @param signatures a quorum's of the present set, ascending by signer
    function setGuard(Guard calldata order, bytes[] calldata signatures) external {
        _authorizeGoverning(order.nonce, order.expiry, order.witnessSetId, order.hash(), signatures);
        _setGuard(order.delaySeconds);
        emit GuardSet(order.nonce, order.delaySeconds);
    }

    /// @notice Execution-layer withdrawal credentials of this contract: 0x01, eleven zero bytes, its address.
    function withdrawalCredentials() public view returns (bytes32) {
        return bytes32((uint256(0x01) << 248) | uint160(address(this)));
    }

    /// @notice The fee of a withdrawal request in this block, in wei.
    function exitFee() public view returns (uint256) {
        (bool success, bytes memory fee) = WITHDRAWAL_REQUESTS.staticcall("");
        if (!success || fee.length != 32) revert WithdrawalRequestsInactive();
        return abi.decode(fee, (uint256));
    }

    /// @notice The EIP-712 digest the witnesses sign for a stake.
    function stakeDigest(Stake calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(order.hash());
    }

    /// @notice The EIP-712 digest the witnesses sign for an exit.
    function exitDigest(Exit calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(order.hash());
    }

    /// @dev Whoever deposits first for a public key sets its withdrawal credentials. One ether is what a front runner
    ///      could win; the witnesses sign the rest once the Beacon chain shows the escrow's credentials.
    function _guard(bytes32 pubkeyHash, uint256 amount) private {
        uint64 firstAt = _firstDepositAt[pubkeyHash];
        if (firstAt == 0) {
            if (amount != FIRST_DEPOSIT) revert UnexpectedDeposit(amount, FIRST_DEPOSIT);
            _firstDepositAt[pubkeyHash] = uint64(block.timestamp);
            return;
        }
        uint256 expected = firstAt == _COMPLETE ? 0 : SECOND_DEPOSIT;
        if (firstAt == _COMPLETE || amount != expected) revert UnexpectedDeposit(amount, expected);
        uint256 earliest = uint256(firstAt) + guardSeconds;
        if (block.timestamp < earliest) revert DepositTooSoon(earliest);
        _firstDepositAt[pubkeyHash] = _COMPLETE;
    }

    function _setGuard(uint64 delaySeconds) private {
        if (delaySeconds > MAX_GUARD_SECONDS) revert GuardTooLong(delaySeconds, MAX_GUARD_SECONDS);
        guardSeconds = delaySeconds;
    }
}
