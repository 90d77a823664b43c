// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The Beacon chain's deposit contract, as the consensus specification defines it
/// @dev Only what the escrow calls. The contract itself checks the lengths (48, 32 and 96 bytes), that the value is a
///      whole number of gwei and at least 1 ether, and that `depositDataRoot` is the SSZ root of the arguments.
interface IDepositContract {
    /// @param pubkey BLS12-381 public key of the validator, 48 bytes compressed
    /// @param withdrawalCredentials 32 bytes
    /// @param signature BLS12-381 signature of the deposit message, 96 bytes; not verified on chain
    /// @param depositDataRoot SSZ hash tree root of the whole deposit data
    function deposit(
        bytes calldata pubkey,
        bytes calldata withdrawalCredentials,
        bytes calldata signature,
        bytes32 depositDataRoot
    ) external payable;
}
