//! What the node expects of the runtime in the chain's `:code`: its block type and the runtime APIs it calls.
//!
//! Only the signatures matter. The client's type wants an implementor at compile time, and with no runtime built in
//! there is none to name: `Signatures` stands for it. Every call goes to the WASM, so its bodies never run.

use pallet_transaction_payment_rpc_runtime_api::{FeeDetails, RuntimeDispatchInfo};
use sp_consensus_aura::{sr25519::AuthorityId as AuraId, Slot, SlotDuration};
use sp_consensus_grandpa::{AuthorityId as GrandpaId, AuthorityList, OpaqueKeyOwnershipProof, SetId};
use sp_consensus_slots::EquivocationProof;
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_inherents::{CheckInherentsResult, InherentData};
use sp_runtime::{
	generic,
	traits::{BlakeTwo256, Block as BlockT, NumberFor},
	transaction_validity::{TransactionSource, TransactionValidity},
	ApplyExtrinsicResult, ExtrinsicInclusionMode, OpaqueExtrinsic, Weight,
};
use sp_session::OpaqueGeneratedSessionKeys;

pub type AccountId = sp_runtime::AccountId32;
pub type Balance = u128;
pub type Nonce = u32;
pub type BlockNumber = u32;
pub type Hash = sp_core::H256;
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
pub type Block = generic::Block<Header, OpaqueExtrinsic>;
type LazyBlock = <Block as BlockT>::LazyBlock;

sp_api::decl_runtime_apis! {
	/// Reports of an author who sealed two headers of one slot (CNS-6).
	pub trait AuraEquivocationApi {
		/// Proof that `authority` was among the authorities of the session `slot` fell in. `None` if it was not.
		fn generate_key_ownership_proof(slot: Slot, authority: AuraId) -> Option<Vec<u8>>;

		/// Puts an unsigned report into the node's pool. The headers carry their seals. `None` if it could not.
		fn submit_report_equivocation_unsigned_extrinsic(
			proof: EquivocationProof<Block::Header, AuraId>,
			key_owner_proof: Vec<u8>,
		) -> Option<()>;
	}
}

struct Signatures;

sp_api::impl_runtime_apis! {
	impl sp_api::Core<Block> for Signatures {
		fn version() -> sp_version::RuntimeVersion { unimplemented!() }
		fn execute_block(_: LazyBlock) { unimplemented!() }
		fn initialize_block(_: &Header) -> ExtrinsicInclusionMode { unimplemented!() }
	}

	impl sp_api::Metadata<Block> for Signatures {
		fn metadata() -> OpaqueMetadata { unimplemented!() }
		fn metadata_at_version(_: u32) -> Option<OpaqueMetadata> { unimplemented!() }
		fn metadata_versions() -> Vec<u32> { unimplemented!() }
	}

	impl sp_block_builder::BlockBuilder<Block> for Signatures {
		fn apply_extrinsic(_: OpaqueExtrinsic) -> ApplyExtrinsicResult { unimplemented!() }
		fn finalize_block() -> Header { unimplemented!() }
		fn inherent_extrinsics(_: InherentData) -> Vec<OpaqueExtrinsic> { unimplemented!() }
		fn check_inherents(_: LazyBlock, _: InherentData) -> CheckInherentsResult { unimplemented!() }
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Signatures {
		fn validate_transaction(_: TransactionSource, _: OpaqueExtrinsic, _: Hash) -> TransactionValidity {
			unimplemented!()
		}
	}

	impl sp_consensus_aura::AuraApi<Block, AuraId> for Signatures {
		fn slot_duration() -> SlotDuration { unimplemented!() }
		fn authorities() -> Vec<AuraId> { unimplemented!() }
	}

	impl crate::runtime_api::AuraEquivocationApi<Block> for Signatures {
		fn generate_key_ownership_proof(_: Slot, _: AuraId) -> Option<Vec<u8>> { unimplemented!() }
		fn submit_report_equivocation_unsigned_extrinsic(
			_: EquivocationProof<Header, AuraId>,
			_: Vec<u8>,
		) -> Option<()> {
			unimplemented!()
		}
	}

	impl sp_consensus_grandpa::GrandpaApi<Block> for Signatures {
		fn grandpa_authorities() -> AuthorityList { unimplemented!() }
		fn current_set_id() -> SetId { unimplemented!() }
		fn generate_key_ownership_proof(_: SetId, _: GrandpaId) -> Option<OpaqueKeyOwnershipProof> { unimplemented!() }
		fn submit_report_equivocation_unsigned_extrinsic(
			_: sp_consensus_grandpa::EquivocationProof<Hash, NumberFor<Block>>,
			_: OpaqueKeyOwnershipProof,
		) -> Option<()> {
			unimplemented!()
		}
	}

	impl sp_session::SessionKeys<Block> for Signatures {
		fn generate_session_keys(_: Vec<u8>, _: Option<Vec<u8>>) -> OpaqueGeneratedSessionKeys { unimplemented!() }
		fn decode_session_keys(_: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> { unimplemented!() }
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Signatures {
		fn account_nonce(_: AccountId) -> Nonce { unimplemented!() }
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Signatures {
		fn query_info(_: OpaqueExtrinsic, _: u32) -> RuntimeDispatchInfo<Balance> { unimplemented!() }
		fn query_fee_details(_: OpaqueExtrinsic, _: u32) -> FeeDetails<Balance> { unimplemented!() }
		fn query_weight_to_fee(_: Weight) -> Balance { unimplemented!() }
		fn query_length_to_fee(_: u32) -> Balance { unimplemented!() }
	}
}
