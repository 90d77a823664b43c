//! Finds authors who seal two headers of one slot, and reports them to the runtime (CNS-6).

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use log::{info, warn};
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult};
use sc_consensus_aura::{
	find_pre_digest,
	standalone::{fetch_authorities, slot_author},
};
use sc_consensus_slots::{check_equivocation, MAX_SLOT_CAPACITY};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_consensus_aura::{
	sr25519::{AuthorityId, AuthorityPair, AuthoritySignature},
	Slot, SlotDuration,
};
use sp_consensus_slots::EquivocationProof;
use sp_timestamp::Timestamp;

use crate::{
	runtime_api::{AuraEquivocationApi, Block, Hash, Header},
	service::Client,
};

const LOG_TARGET: &str = "aura";

/// Checks every block whose seal has been verified, then imports it through `inner`. A check that fails is logged and
/// stops no import. Queue and author must both go through here: two blocks of one slot need not come the same way.
#[derive(Clone)]
pub struct EquivocationReporter<I> {
	inner: I,
	client: Arc<Client>,
	pool: OffchainTransactionPoolFactory<Block>,
	slot_duration: SlotDuration,
}

impl<I> EquivocationReporter<I> {
	pub fn new(
		inner: I,
		client: Arc<Client>,
		pool: OffchainTransactionPoolFactory<Block>,
		slot_duration: SlotDuration,
	) -> Self {
		Self { inner, client, pool, slot_duration }
	}

	/// Remembers the header's author and slot, and reports the author if another header of that slot is remembered.
	fn check(&self, block: &BlockImportParams<Block>) -> Result<(), Box<dyn Error + Send + Sync>> {
		// The verifier moves the seal there. Headers of a warp or gap sync keep it: nobody has verified them.
		if block.post_digests.is_empty() {
			return Ok(());
		}
		let slot = find_pre_digest::<Block, AuthoritySignature>(&block.header)?;
		// The verifier lets a slot through that begins within the drift of our clock.
		let now = Slot::from_timestamp(Timestamp::current(), self.slot_duration).max(slot);
		if now.saturating_sub(slot) > MAX_SLOT_CAPACITY {
			return Ok(()); // older than the memory reaches: spares the runtime call while syncing
		}
		let parent = block.header.parent_hash;
		let authorities = fetch_authorities(&*self.client, parent)?;
		let Some(author) = slot_author::<AuthorityPair>(slot, &authorities) else {
			return Ok(());
		};
		match check_equivocation(&*self.client, now, slot, &block.post_header(), author)? {
			Some(proof) if unsealed_hash(&proof.first_header) != unsealed_hash(&proof.second_header) => {
				self.report(parent, proof)
			},
			_ => Ok(()),
		}
	}

	fn report(
		&self,
		parent: Hash,
		proof: EquivocationProof<Header, AuthorityId>,
	) -> Result<(), Box<dyn Error + Send + Sync>> {
		let (slot, offender) = (proof.slot, proof.offender.clone());
		let (first, second) = (proof.first_header.hash(), proof.second_header.hash());
		warn!(target: LOG_TARGET, "{offender} sealed two blocks of slot {slot}: {first:?} and {second:?}");

		let best = self.client.chain_info().best_hash;
		if !self.client.runtime_api().has_api::<dyn AuraEquivocationApi<Block>>(best)? {
			return Ok(());
		}
		// The parent knows the session of the slot, unless the block is the first of its session: then the best block may.
		let ownership = |at| self.client.runtime_api().generate_key_ownership_proof(at, slot, offender.clone());
		let ownership = match ownership(parent)? {
			Some(found) => found,
			None => ownership(best)?.ok_or("no proof that the author's key was in the session")?,
		};
		let mut api = self.client.runtime_api();
		api.register_extension(self.pool.offchain_transaction_pool(best));
		api.submit_report_equivocation_unsigned_extrinsic(best, proof, ownership)?
			.ok_or("the runtime made no report")?;
		info!(target: LOG_TARGET, "submitted a report of {offender} for slot {slot}");
		Ok(())
	}
}

/// What the seal signs. One block may have several seals, for sr25519 signatures differ each time: that is no equivocation.
fn unsealed_hash(header: &Header) -> Hash {
	let mut header = header.clone();
	header.digest.pop();
	header.hash()
}

#[async_trait]
impl<I> BlockImport<Block> for EquivocationReporter<I>
where
	I: BlockImport<Block> + Send + Sync,
{
	type Error = I::Error;

	async fn check_block(&self, block: BlockCheckParams<Block>) -> Result<ImportResult, I::Error> {
		self.inner.check_block(block).await
	}

	async fn import_block(&self, block: BlockImportParams<Block>) -> Result<ImportResult, I::Error> {
		if let Err(error) = self.check(&block) {
			warn!(target: LOG_TARGET, "no equivocation check or report of block {:?}: {error}", block.post_hash());
		}
		self.inner.import_block(block).await
	}
}
