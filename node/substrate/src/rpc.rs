//! The RPC methods beside the client's own: account nonces and dry runs, fees, finality.

use std::sync::Arc;

use jsonrpsee::{server::RegisterMethodError, RpcModule};
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_grandpa::{FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sp_core::traits::SpawnNamed;
use substrate_frame_rpc_system::{System, SystemApiServer};

use crate::{
	runtime_api::{Block, BlockNumber, Hash},
	service::{Backend, Client, Pool},
};

/// What the `grandpa_*` methods read.
#[derive(Clone)]
pub struct Finality {
	pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	pub voter_state: SharedVoterState,
	pub justifications: GrandpaJustificationStream<Block>,
	pub proofs: Arc<FinalityProofProvider<Backend, Block>>,
}

/// `system_accountNextIndex`, `system_dryRun`, `payment_*` and `grandpa_*`. Fails when a name is taken.
pub fn methods(
	client: Arc<Client>,
	pool: Arc<Pool>,
	finality: Finality,
	executor: Arc<dyn SpawnNamed>,
) -> Result<RpcModule<()>, RegisterMethodError> {
	let Finality { authority_set, voter_state, justifications, proofs } = finality;
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::new(client).into_rpc())?;
	module.merge(Grandpa::new(executor, authority_set, voter_state, justifications, proofs).into_rpc())?;
	Ok(module)
}
