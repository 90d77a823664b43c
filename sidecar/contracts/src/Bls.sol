// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Aggregate BLS12-381 signatures with the precompiles of EIP-2537
/// @dev Keys are points of G1, signatures of G2, both as EIP-2537 encodes them: 64 bytes a field element, real part
///      first. The pairing precompile refuses points outside the prime-order groups.
library Bls {
    uint256 internal constant KEY_BYTES = 128;
    uint256 internal constant SIGNATURE_BYTES = 256;

    address private constant MODEXP = address(0x05);
    address private constant G1ADD = address(0x0b);
    address private constant G2ADD = address(0x0d);
    address private constant PAIRING_CHECK = address(0x0f);
    address private constant MAP_FP2_TO_G2 = address(0x11);

    /// @dev Tag of a suite of our own (RFC 9380, section 3.1), and its length in a byte.
    bytes private constant DST_PRIME =
        abi.encodePacked("STKR-ESCROW-V01-CS01-with-BLS12381G2_XMD:SHA-256_SSWU_RO_", uint8(57));

    /// @dev The field's modulus, as 64 bytes.
    bytes private constant MODULUS =
        hex"000000000000000000000000000000001a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";

    /// @dev The generator of G1 with its y negated.
    bytes private constant NEGATIVE_GENERATOR =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca";

    /// @notice A precompile refused its input, e.g. a point that is not on the curve, or this chain lacks it.
    error PrecompileFailed(address precompile);

    /// @dev The sum of two keys.
    function add(bytes memory a, bytes memory b) internal view returns (bytes memory) {
        return _call(G1ADD, bytes.concat(a, b), KEY_BYTES);
    }

    /// @dev Whether `signature` is the sum of signatures of `digest` by the keys whose sum is `key`.
    function verify(bytes memory key, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        bytes memory pairs = bytes.concat(key, hashToG2(digest), NEGATIVE_GENERATOR, signature);
        return uint256(bytes32(_call(PAIRING_CHECK, pairs, 32))) == 1;
    }

    /// @dev hash_to_curve of RFC 9380, suite BLS12381G2_XMD:SHA-256_SSWU_RO_. The map clears the cofactor.
    function hashToG2(bytes32 digest) internal view returns (bytes memory) {
        bytes32[8] memory b = _expandMessage(digest);
        bytes memory first = _mapToG2(b[0], b[1], b[2], b[3]);
        bytes memory second = _mapToG2(b[4], b[5], b[6], b[7]);
        return _call(G2ADD, bytes.concat(first, second), SIGNATURE_BYTES);
    }

    /// @dev expand_message_xmd of RFC 9380 to 256 bytes.
    function _expandMessage(bytes32 digest) private pure returns (bytes32[8] memory b) {
        bytes memory tag = DST_PRIME;
        bytes32 b0 = sha256(abi.encodePacked(bytes32(0), bytes32(0), digest, uint16(256), uint8(0), tag));
        b[0] = sha256(abi.encodePacked(b0, uint8(1), tag));
        for (uint8 i = 1; i < 8; ++i) {
            b[i] = sha256(abi.encodePacked(b0 ^ b[i - 1], i + 1, tag));
        }
    }

    function _mapToG2(bytes32 a, bytes32 b, bytes32 c, bytes32 d) private view returns (bytes memory) {
        return _call(MAP_FP2_TO_G2, bytes.concat(_reduce(a, b), _reduce(c, d)), SIGNATURE_BYTES);
    }

    /// @dev 64 bytes modulo the field's modulus.
    function _reduce(bytes32 high, bytes32 low) private view returns (bytes memory) {
        return _call(MODEXP, abi.encodePacked(uint256(64), uint256(1), uint256(64), high, low, uint8(1), MODULUS), 64);
    }

    /// @dev Without a precompile the call succeeds and gives nothing.
    function _call(address precompile, bytes memory input, uint256 length) private view returns (bytes memory output) {
        bool success;
        (success, output) = precompile.staticcall(input);
        if (!success || output.length != length) revert PrecompileFailed(precompile);
    }
}
