// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Council} from "./Council.sol";
import {Releases} from "./Releases.sol";
import {Validators} from "./Validators.sol";
import {Vault} from "./Vault.sol";
import {WitnessSets} from "./WitnessSets.sol";

/// @title Stkr Escrow: the Ethereum half of the bridge (rules ESC-1 to ESC-6 and ESC-8)
/// @notice Holds the ETH and tokens that are issued as wrapped assets on the Stkr chain. They come in by `lock`; they
///         leave only by an order that more than two thirds of the witnesses signed: a `release` to an account, or a
///         `stake` into the Beacon deposit contract with this contract as the withdrawal address.
/// @dev There is no owner and no upgrade: nobody but the witness quorum can move funds, and nobody can change the code.
///      Each order's nonce is spent at most once, and never after the order's expiry, so that the chain may refund an
///      expired order without the risk of paying twice.
contract Escrow is Releases, Validators {
    /// @param witnesses the first set's addresses, none zero or twice
    /// @param threshold how many must sign an order: more than 2/3 of the witnesses
    /// @param witnessSetId id of this set on the Stkr chain
    /// @param blsKeys a BLS key for each witness, in their order, 128 bytes as EIP-2537 encodes them; or empty
    /// @param council the governors' keys; none, if the witnesses are to install the first council
    /// @param councilThreshold how many of the council must sign: more than half
    /// @param depositContract the Beacon chain's deposit contract on this network
    /// @param guardedDeposits whether a validator is funded by 1 and then 31 ether
    /// @param guardSeconds least time between the two
    /// @param minimumLockWei least amount of a lock of ETH
    /// @param floorCapWei outflow of ETH that each day allows whatever went out before
    /// @param delayAboveWei releases of more ETH wait a day
    struct Deployment {
        address[] witnesses;
        uint256 threshold;
        uint64 witnessSetId;
        bytes blsKeys;
        address[] council;
        uint256 councilThreshold;
        address depositContract;
        bool guardedDeposits;
        uint64 guardSeconds;
        uint256 minimumLockWei;
        uint256 floorCapWei;
        uint256 delayAboveWei;
    }

    constructor(Deployment memory deployment)
        EIP712("Stkr Escrow", "1")
        WitnessSets(deployment.witnesses, deployment.threshold, deployment.witnessSetId, deployment.blsKeys)
        Council(deployment.council, deployment.councilThreshold)
        Vault(deployment.minimumLockWei, deployment.floorCapWei, deployment.delayAboveWei)
        Validators(deployment.depositContract, deployment.guardedDeposits, deployment.guardSeconds)
    {}
}
