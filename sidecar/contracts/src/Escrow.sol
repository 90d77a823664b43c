// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IDepositContract} from "./IDepositContract.sol";

/// @title Stkr Escrow: the Ethereum half of the bridge (rules ESC-1, ESC-2, ESC-6)
/// @notice Holds the ETH that is issued as wrapped assets on the Stkr chain. ETH comes in by `lock`; it leaves only by an
///         order that more than two thirds of the witnesses signed: a `release` to an account, or a `stake` into the
///         Beacon deposit contract with this contract as the withdrawal address.
/// @dev There is no owner, no upgrade and no pause: the code and the witness set are fixed at deployment, so nobody but
///      the witness quorum can move funds. Orders of both kinds share one space of nonces, which the Stkr chain assigns;
///      each nonce is spent at most once, and never after the order's expiry, so that the chain may refund an expired
///      order without the risk of paying twice.
contract Escrow is EIP712, ReentrancyGuardTransient {
    using BitMaps for BitMaps.BitMap;

    /// @notice An order to pay out of the escrow.
    /// @param nonce order number given by the Stkr chain; one space for releases and stakes
    /// @param asset what is paid; `ETH` is the only asset so far
    /// @param amount in the asset's smallest unit (wei for ETH)
    /// @param recipient the account on Ethereum that is paid
    /// @param expiry last block timestamp, in Unix seconds, at which the order may be executed
    /// @param witnessSetId the witness set that signed
    struct Release {
        uint256 nonce;
        address asset;
        uint256 amount;
        address recipient;
        uint64 expiry;
        uint64 witnessSetId;
    }

    /// @notice An order to deposit ETH for a validator; its withdrawal credentials are always this contract's own.
    /// @param nonce order number given by the Stkr chain; one space for releases and stakes
    /// @param pubkey the validator's BLS12-381 public key, 48 bytes compressed
    /// @param signature BLS12-381 signature of the deposit message, 96 bytes. Ethereum does not verify it before the
    ///        ETH is gone: each witness has to, before it signs this order
    /// @param depositDataRoot SSZ hash tree root of the deposit data
    /// @param amount in wei; the deposit contract takes whole gwei from 1 ether up
    /// @param expiry last block timestamp, in Unix seconds, at which the order may be executed
    /// @param witnessSetId the witness set that signed
    struct Stake {
        uint256 nonce;
        bytes pubkey;
        bytes signature;
        bytes32 depositDataRoot;
        uint256 amount;
        uint64 expiry;
        uint64 witnessSetId;
    }

    /// @notice The asset id that stands for ETH.
    address public constant ETH = address(0);

    /// @notice Least amount of a lock, in wei. A lock costs every witness an attestation on the Stkr chain, and its
    ///         release about 65,000 gas, 0.001 ether at 15 gwei: less could not pay for its own way out and would only
    ///         load the bridge. It stays under the least stake in a micro-pool, 0.01 ether (POO-2).
    uint256 public constant MINIMUM_LOCK = 0.001 ether;

    bytes32 private constant RELEASE_TYPEHASH = keccak256(
        "Release(uint256 nonce,address asset,uint256 amount,address recipient,uint64 expiry,uint64 witnessSetId)"
    );

    bytes32 private constant STAKE_TYPEHASH = keccak256(
        "Stake(uint256 nonce,bytes pubkey,bytes signature,bytes32 depositDataRoot,uint256 amount,uint64 expiry,uint64 witnessSetId)"
    );

    /// @notice How many witnesses must sign an order; more than two thirds of them.
    uint256 public immutable threshold;

    /// @notice The Beacon chain's deposit contract.
    IDepositContract public immutable depositContract;

    /// @notice Id of the witness set on the Stkr chain; orders signed for another set are refused.
    uint64 public immutable witnessSetId;

    /// @notice The nonce of the next lock, which is the number of locks so far.
    uint256 public lockNonce;

    /// @notice Whether an account is a witness.
    mapping(address account => bool) public isWitness;

    address[] private _witnesses;
    BitMaps.BitMap private _usedNonces;

    /// @notice ETH came in; the Stkr chain mints `amount` to `recipient` once the block is finalized (ESC-1).
    /// @param nonce counts from 0 without gaps
    /// @param recipient AccountId32 on the Stkr chain
    event Locked(
        uint256 indexed nonce, address indexed asset, address indexed sender, bytes32 recipient, uint256 amount
    );

    /// @notice A release order was paid (ESC-2).
    event Released(uint256 indexed nonce, address indexed asset, address indexed recipient, uint256 amount);

    /// @notice A stake order was deposited for the validator `pubkey` (ESC-6).
    event Staked(uint256 indexed nonce, bytes pubkey, uint256 amount);

    /// @notice The threshold is not in (2/3 of the witnesses, all of them].
    error InvalidThreshold(uint256 threshold, uint256 witnesses);
    /// @notice A witness of the set is the zero address.
    error ZeroWitness(uint256 index);
    /// @notice A witness occurs twice in the set.
    error DuplicateWitness(address witness);
    /// @notice There is no code at the deposit contract's address.
    error DepositContractMissing(address depositContract);
    /// @notice ETH was sent without `lock`, so there is no Stkr account to credit.
    error PlainTransferRefused(address sender, uint256 amount);
    /// @notice The recipient is the zero account.
    error ZeroRecipient();
    /// @notice The lock is below `MINIMUM_LOCK`.
    error AmountBelowMinimum(uint256 amount, uint256 minimum);
    /// @notice The escrow does not hold this asset.
    error UnsupportedAsset(address asset);
    /// @notice The order was signed for another witness set.
    error WrongWitnessSet(uint64 given, uint64 expected);
    /// @notice The block's timestamp is past the order's expiry.
    error OrderExpired(uint256 nonce, uint64 expiry, uint256 timestamp);
    /// @notice The order's nonce was spent before.
    error NonceUsed(uint256 nonce);
    /// @notice Fewer signatures than the threshold.
    error TooFewSignatures(uint256 given, uint256 required);
    /// @notice The signature at `index` is not 65 bytes `r ‖ s ‖ v` with low s and v of 27 or 28.
    error InvalidSignature(uint256 index, ECDSA.RecoverError reason);
    /// @notice Signatures must come in strictly ascending order of their signers, which also excludes duplicates.
    error SignersNotAscending(uint256 index, address previous, address signer);
    /// @notice The signer is not a witness, or it signed another order, contract or chain.
    error NotWitness(uint256 index, address signer);
    /// @notice The escrow holds less than the order asks for.
    error InsufficientBalance(uint256 balance, uint256 amount);
    /// @notice The recipient did not take the ETH. The order stays open until its expiry.
    error PaymentFailed(address recipient, uint256 amount);

    /// @param witnesses_ the witnesses' addresses, none zero or twice
    /// @param threshold_ how many must sign an order: more than 2/3 of the witnesses
    /// @param depositContract_ the Beacon chain's deposit contract on this network
    /// @param witnessSetId_ id of this witness set on the Stkr chain
    constructor(address[] memory witnesses_, uint256 threshold_, address depositContract_, uint64 witnessSetId_)
        EIP712("Stkr Escrow", "1")
    {
        if (threshold_ * 3 <= witnesses_.length * 2 || threshold_ > witnesses_.length) {
            revert InvalidThreshold(threshold_, witnesses_.length);
        }
        if (depositContract_.code.length == 0) revert DepositContractMissing(depositContract_);
        for (uint256 i = 0; i < witnesses_.length; ++i) {
            address witness = witnesses_[i];
            if (witness == address(0)) revert ZeroWitness(i);
            if (isWitness[witness]) revert DuplicateWitness(witness);
            isWitness[witness] = true;
        }
        _witnesses = witnesses_;
        threshold = threshold_;
        depositContract = IDepositContract(depositContract_);
        witnessSetId = witnessSetId_;
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
        if (recipient == bytes32(0)) revert ZeroRecipient();
        if (msg.value < MINIMUM_LOCK) revert AmountBelowMinimum(msg.value, MINIMUM_LOCK);
        emit Locked(lockNonce++, ETH, msg.sender, recipient, msg.value);
    }

    /// @notice Pays a release order (ESC-2). Anyone may relay it.
    /// @dev The recipient gets all the gas, so that contract wallets can take the payment; reentry finds the nonce spent
    ///      and the guard shut. What the recipient returns is not copied. If it reverts, so does everything: the order
    ///      can be tried again until its expiry, then the Stkr chain refunds it.
    /// @param order what to pay
    /// @param signatures at least `threshold` witness signatures of `releaseDigest(order)`, ascending by signer
    function release(Release calldata order, bytes[] calldata signatures) external nonReentrant {
        if (order.asset != ETH) revert UnsupportedAsset(order.asset);
        if (order.recipient == address(0)) revert ZeroRecipient();
        _spend(order.nonce, order.expiry, order.witnessSetId, order.amount);
        _requireQuorum(releaseDigest(order), signatures);

        emit Released(order.nonce, order.asset, order.recipient, order.amount);
        if (!LowLevelCall.callNoReturn(order.recipient, order.amount, "")) {
            revert PaymentFailed(order.recipient, order.amount);
        }
    }

    /// @notice Deposits for a validator whose withdrawals come back to this contract (ESC-6). Anyone may relay it.
    /// @param order the validator's deposit data and amount
    /// @param signatures at least `threshold` witness signatures of `stakeDigest(order)`, ascending by signer
    function stake(Stake calldata order, bytes[] calldata signatures) external nonReentrant {
        _spend(order.nonce, order.expiry, order.witnessSetId, order.amount);
        _requireQuorum(stakeDigest(order), signatures);

        emit Staked(order.nonce, order.pubkey, order.amount);
        depositContract.deposit{value: order.amount}(
            order.pubkey, abi.encodePacked(withdrawalCredentials()), order.signature, order.depositDataRoot
        );
    }

    /// @notice All witnesses, in the order of deployment.
    function witnesses() external view returns (address[] memory) {
        return _witnesses;
    }

    /// @notice Whether an order with this nonce was executed.
    function isUsed(uint256 nonce) external view returns (bool) {
        return _usedNonces.get(nonce);
    }

    /// @notice Execution-layer withdrawal credentials of this contract: 0x01, eleven zero bytes, its address.
    function withdrawalCredentials() public view returns (bytes32) {
        return bytes32((uint256(0x01) << 248) | uint160(address(this)));
    }

    /// @notice The EIP-712 digest the witnesses sign for a release.
    function releaseDigest(Release calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    RELEASE_TYPEHASH,
                    order.nonce,
                    order.asset,
                    order.amount,
                    order.recipient,
                    order.expiry,
                    order.witnessSetId
                )
            )
        );
    }

    /// @notice The EIP-712 digest the witnesses sign for a stake.
    function stakeDigest(Stake calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    STAKE_TYPEHASH,
                    order.nonce,
                    keccak256(order.pubkey),
                    keccak256(order.signature),
                    order.depositDataRoot,
                    order.amount,
                    order.expiry,
                    order.witnessSetId
                )
            )
        );
    }

    /// @dev Checks what both kinds of orders have in common and marks the nonce as spent, before any call out.
    function _spend(uint256 nonce, uint64 expiry, uint64 setId, uint256 amount) private {
        if (setId != witnessSetId) revert WrongWitnessSet(setId, witnessSetId);
        if (block.timestamp > expiry) revert OrderExpired(nonce, expiry, block.timestamp);
        if (_usedNonces.get(nonce)) revert NonceUsed(nonce);
        if (address(this).balance < amount) revert InsufficientBalance(address(this).balance, amount);
        _usedNonces.set(nonce);
    }

    /// @dev Every signature given must be valid, also those beyond the threshold: a wrong one is a relayer's mistake.
    function _requireQuorum(bytes32 digest, bytes[] calldata signatures) private view {
        if (signatures.length < threshold) revert TooFewSignatures(signatures.length, threshold);
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            (address signer, ECDSA.RecoverError reason,) = ECDSA.tryRecoverCalldata(digest, signatures[i]);
            if (reason != ECDSA.RecoverError.NoError) revert InvalidSignature(i, reason);
            if (signer <= previous) revert SignersNotAscending(i, previous, signer);
            if (!isWitness[signer]) revert NotWitness(i, signer);
            previous = signer;
        }
    }
}
