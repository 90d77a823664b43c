//! Puts the node together: client, pool, import queue, network, RPC, author and finality voter.

use std::{sync::Arc, time::Duration};

use sc_consensus::{DefaultImportQueue, LongestChain};
use sc_consensus_aura::{CheckForEquivocation, ImportQueueParams, SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{
	warp_proof, BeforeBestBlockBy, FinalityProofProvider, GrandpaBlockImport, GrandpaParams, GrandpaPruningFilter,
	LinkHalf, SharedVoterState, ThreeQuartersOfTheUnfinalizedChain, VotingRulesBuilder,
};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_executor::WasmExecutor;
use sc_network::{config::FullNetworkConfiguration, NetworkBackend};
use sc_service::{
	BuildNetworkParams, Configuration, Error, PartialComponents, SpawnTasksParams, TaskManager, WarpSyncConfig,
};
use sc_transaction_pool::TransactionPoolHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_aura::{
	inherents::InherentDataProvider as SlotProvider, sr25519::AuthorityPair as AuraPair, SlotDuration,
};
use sp_inherents::CreateInherentDataProviders;
use sp_timestamp::InherentDataProvider as TimestampProvider;

use crate::{
	equivocation::EquivocationReporter,
	rpc::{self, Finality},
	runtime_api::{Block, Hash, RuntimeApi},
};

pub type Client = sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<sp_io::SubstrateHostFunctions>>;
pub type Backend = sc_service::TFullBackend<Block>;
pub type Pool = TransactionPoolHandle<Block, Client>;
type SelectChain = LongestChain<Backend, Block>;
type GrandpaImport = GrandpaBlockImport<Backend, Block, Client, SelectChain>;

/// What an open chain has beside the usual components.
pub struct Consensus {
	block_import: EquivocationReporter<GrandpaImport>,
	grandpa: LinkHalf<Block, Client, SelectChain>,
	slot_duration: SlotDuration,
}

type Components = PartialComponents<Client, Backend, SelectChain, DefaultImportQueue<Block>, Pool, Consensus>;

/// Blocks between two justifications that are kept when the authorities do not change, and asked of peers when syncing.
const JUSTIFICATION_PERIOD: u32 = 512;

/// Voters leave the newest block out, which may still lose to another of its height. polkadot-sdk's own rule leaves out
/// two, and finality is three behind whenever a block comes.
const BLOCKS_BEHIND_HEAD: u32 = 1;

/// How long a vote may take through the network at most to be waited for. A GRANDPA round waits two to four of them, so
/// with slots shorter than two seconds it has to be less, or finality falls behind.
const MAX_GOSSIP_DURATION: Duration = Duration::from_millis(333);

/// Inherent data of a block made or checked now: the slot and the timestamp.
fn inherents(
	slot_duration: SlotDuration,
) -> impl CreateInherentDataProviders<Block, (), InherentDataProviders = (SlotProvider, TimestampProvider)> {
	move |_, ()| async move {
		let timestamp = TimestampProvider::from_system_time();
		Ok((SlotProvider::from_timestamp_and_slot_duration(*timestamp, slot_duration), timestamp))
	}
}

/// Opens the chain of `config`, or makes it from its spec's genesis; no network yet. Fails when the database is in use
/// or of another chain, or when the runtime lacks an API that consensus needs.
pub fn open(config: &Configuration) -> Result<Components, Error> {
	let executor = sc_service::new_wasm_executor(&config.executor);
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts(config, None, executor, vec![Arc::new(GrandpaPruningFilter)])?;
	let client: Arc<Client> = Arc::new(client);
	let slot_duration = sc_consensus_aura::slot_duration(&*client)?;
	let select_chain = LongestChain::new(backend.clone());

	let transaction_pool = Arc::new(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);

	let (grandpa_import, grandpa) =
		sc_consensus_grandpa::block_import(client.clone(), JUSTIFICATION_PERIOD, &client, select_chain.clone(), None)?;
	let block_import = EquivocationReporter::new(
		grandpa_import.clone(),
		client.clone(),
		OffchainTransactionPoolFactory::new(transaction_pool.clone()),
		slot_duration,
	);

	let import_queue = sc_consensus_aura::import_queue::<AuraPair, _, _, _, _, _>(ImportQueueParams {
		block_import: block_import.clone(),
		justification_import: Some(Box::new(grandpa_import)),
		client: client.clone(),
		create_inherent_data_providers: inherents(slot_duration),
		spawner: &task_manager.spawn_essential_handle(),
		registry: config.prometheus_registry(),
		check_for_equivocation: CheckForEquivocation::No, // `block_import` does, and reports it
		telemetry: None,
		compatibility_mode: Default::default(),
	})?;

	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other: Consensus { block_import, grandpa, slot_duration },
	})
}

/// Starts the node on network backend `N`. It runs until the returned task manager is dropped or an essential task ends.
pub fn start<N: NetworkBackend<Block, Hash>>(config: Configuration) -> Result<TaskManager, Error> {
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other: Consensus { block_import, grandpa, slot_duration },
	} = open(&config)?;

	let registry = config.prometheus_registry().cloned();
	let network_metrics = N::register_notification_metrics(registry.as_ref());
	let mut net_config = FullNetworkConfiguration::<_, _, N>::new(&config.network, registry.clone());
	let grandpa_protocol =
		sc_consensus_grandpa::protocol_standard_name(&client.chain_info().genesis_hash, &config.chain_spec);
	let (grandpa_peers, grandpa_notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
		grandpa_protocol.clone(),
		network_metrics.clone(),
		net_config.peer_store_handle(),
	);
	net_config.add_notification_protocol(grandpa_peers);

	let (network, system_rpc_tx, tx_handler_controller, sync_service) =
		sc_service::build_network(BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(Arc::new(warp_proof::NetworkProvider::new(
				backend.clone(),
				grandpa.shared_authority_set().clone(),
				Vec::new(),
			)))),
			block_relay: None,
			metrics: network_metrics,
		})?;

	let voter_state = SharedVoterState::empty();
	let rpc_builder = {
		let (client, pool) = (client.clone(), transaction_pool.clone());
		let finality = Finality {
			authority_set: grandpa.shared_authority_set().clone(),
			voter_state: voter_state.clone(),
			justifications: grandpa.justification_stream(),
			proofs: FinalityProofProvider::new_for_service(
				backend.clone(),
				Some(grandpa.shared_authority_set().clone()),
			),
		};
		Box::new(move |executor| {
			rpc::methods(client.clone(), pool.clone(), finality.clone(), executor)
				.map_err(|error| Error::Application(error.into()))
		})
	};

	let role = config.role;
	let name = config.network.node_name.clone();
	let force_authoring = config.force_authoring;
	let votes = !config.disable_grandpa;
	let keystore = keystore_container.keystore();

	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore.clone(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: None,
		tracing_execute_block: None,
	})?;

	if role.is_authority() {
		let aura = sc_consensus_aura::start_aura::<AuraPair, _, _, _, _, _, _, _, _, _, _>(StartAuraParams {
			slot_duration,
			client: client.clone(),
			select_chain,
			block_import,
			proposer_factory: sc_basic_authorship::ProposerFactory::new(
				task_manager.spawn_handle(),
				client,
				transaction_pool.clone(),
				registry.as_ref(),
				None,
			),
			sync_oracle: sync_service.clone(),
			justification_sync_link: sync_service.clone(),
			create_inherent_data_providers: inherents(slot_duration),
			force_authoring,
			backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging::default()),
			keystore: keystore.clone(),
			// The last third of a slot is for the block's way to the next author.
			block_proposal_slot_portion: SlotProportion::new(2f32 / 3f32),
			max_block_proposal_slot_portion: None,
			telemetry: None,
			compatibility_mode: Default::default(),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("aura", Some("block-authoring"), aura);
	}

	if votes {
		let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
			config: sc_consensus_grandpa::Config {
				gossip_duration: MAX_GOSSIP_DURATION.min(slot_duration.as_duration() / 6),
				justification_generation_period: JUSTIFICATION_PERIOD,
				observer_enabled: false,
				local_role: role,
				name: Some(name),
				// Without a keystore it follows the votes of others.
				keystore: role.is_authority().then_some(keystore),
				telemetry: None,
				protocol_name: grandpa_protocol,
			},
			link: grandpa,
			network,
			sync: sync_service,
			notification_service: grandpa_notifications,
			voting_rule: VotingRulesBuilder::new()
				.add(BeforeBestBlockBy(BLOCKS_BEHIND_HEAD))
				.add(ThreeQuartersOfTheUnfinalizedChain)
				.build(),
			prometheus_registry: registry,
			shared_voter_state: voter_state,
			telemetry: None,
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
	}

	Ok(task_manager)
}
