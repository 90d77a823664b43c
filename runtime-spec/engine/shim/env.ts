// The Substrate host functions the blob imports (module "env": AssemblyScript names it after this file).
// A `u64` span is `length << 32 | pointer`. Buffers a host function returns belong to us and go back by `free`.
export declare function ext_allocator_free_version_1(pointer: u32): void
export declare function ext_logging_log_version_1(level: i32, target: u64, message: u64): void
export declare function ext_storage_get_version_1(key: u64): u64
export declare function ext_storage_set_version_1(key: u64, value: u64): void
export declare function ext_storage_append_version_1(key: u64, item: u64): void
export declare function ext_storage_clear_version_1(key: u64): void
export declare function ext_storage_exists_version_1(key: u64): i32
export declare function ext_storage_next_key_version_1(key: u64): u64
export declare function ext_storage_clear_prefix_version_2(prefix: u64, limit: u64): u64
export declare function ext_storage_root_version_2(stateVersion: i32): u64
export declare function ext_storage_start_transaction_version_1(): void
export declare function ext_storage_commit_transaction_version_1(): void
export declare function ext_storage_rollback_transaction_version_1(): void
export declare function ext_trie_blake2_256_ordered_root_version_2(items: u64, stateVersion: i32): u32
export declare function ext_hashing_twox_64_version_1(data: u64): u32
export declare function ext_hashing_twox_128_version_1(data: u64): u32
export declare function ext_hashing_blake2_128_version_1(data: u64): u32
export declare function ext_hashing_blake2_256_version_1(data: u64): u32
export declare function ext_hashing_keccak_256_version_1(data: u64): u32
export declare function ext_crypto_sr25519_verify_version_2(signature: u32, message: u64, publicKey: u32): i32
export declare function ext_crypto_ed25519_verify_version_1(signature: u32, message: u64, publicKey: u32): i32
export declare function ext_crypto_secp256k1_ecdsa_recover_version_2(signature: u32, digest: u32): u64
export declare function ext_crypto_secp256k1_ecdsa_recover_compressed_version_2(signature: u32, digest: u32): u64
export declare function ext_crypto_sr25519_generate_version_1(keyType: u32, seed: u64): u32
export declare function ext_crypto_ed25519_generate_version_1(keyType: u32, seed: u64): u32
export declare function ext_crypto_sr25519_sign_version_1(keyType: u32, publicKey: u32, message: u64): u64
export declare function ext_crypto_ed25519_sign_version_1(keyType: u32, publicKey: u32, message: u64): u64
export declare function ext_offchain_submit_transaction_version_1(extrinsic: u64): u64
export declare function ext_misc_runtime_version_version_1(code: u64): u64
