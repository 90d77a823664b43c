// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Bytes kept as the code of a contract that cannot run: written once, read cheaply
library CodeStorage {
    /// @notice The contract that keeps the bytes could not be created: too many, or too little gas.
    error StoringFailed(uint256 length);

    /// @dev Codecopies all behind itself, eleven bytes, and returns it; then STOP, so that a call does nothing.
    bytes private constant PREFIX = hex"600b380380600b5f395ff300";

    /// @param data at most 24,575 bytes (EIP-170)
    function store(bytes memory data) internal returns (address pointer) {
        bytes memory code = bytes.concat(PREFIX, data);
        assembly ("memory-safe") {
            pointer := create(0, add(code, 0x20), mload(code))
        }
        if (pointer == address(0)) revert StoringFailed(data.length);
    }

    /// @dev `length` bytes from `start` on.
    function read(address pointer, uint256 start, uint256 length) internal view returns (bytes memory data) {
        data = new bytes(length);
        assembly ("memory-safe") {
            extcodecopy(pointer, add(data, 0x20), add(start, 1), length)
        }
    }
}
