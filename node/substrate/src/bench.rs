//! `measure`: how long stored blocks take to execute in this client, and a runtime call to start.

use std::time::Instant;

use sc_cli::{CliConfiguration, ImportParams, SharedParams};
use sc_client_api::BlockBackend;
use sp_api::{ApiError, ApiExt, Core, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockStatus;
use sp_core::traits::CallContext;
use sp_runtime::traits::Block as BlockT;
use substrate_frame_rpc_system::AccountNonceApi;

use crate::{
	runtime_api::{AccountId, Block, BlockNumber, Nonce},
	service::Client,
};

const CALLS: u32 = 200;

/// Executes the blocks `--from` to `--to` again on their parents' states and prints the medians, one JSON line a block.
/// Nothing is written to the chain.
#[derive(Debug, clap::Parser)]
pub struct MeasureCmd {
	/// First block to execute.
	#[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
	from: BlockNumber,
	/// Last block to execute (default: the best one).
	#[arg(long, value_name = "NUMBER")]
	to: Option<BlockNumber>,
	/// Timed executions of each block, after one that is not timed.
	#[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
	repeat: u32,
	#[command(flatten)]
	shared_params: SharedParams,
	#[command(flatten)]
	import_params: ImportParams,
}

impl CliConfiguration for MeasureCmd {
	fn shared_params(&self) -> &SharedParams {
		&self.shared_params
	}

	fn import_params(&self) -> Option<&ImportParams> {
		Some(&self.import_params)
	}
}

impl MeasureCmd {
	/// Fails when the range is not of this chain, or a state it needs is pruned.
	pub fn run(&self, client: &Client) -> sc_cli::Result<()> {
		let best = client.chain_info().best_number;
		let to = self.to.unwrap_or(best);
		if self.from > to || to > best {
			let from = self.from;
			return Err(format!("--from {from} --to {to}: not a range within the chain's blocks 1 to {best}").into());
		}
		call_start(client)?;
		(self.from..=to).try_for_each(|number| self.block(client, number))
	}

	fn block(&self, client: &Client, number: BlockNumber) -> sc_cli::Result<()> {
		let stored = client.hash(number)?.map(|hash| client.block(hash)).transpose()?.flatten();
		let Some(stored) = stored else {
			return Err(format!("block {number} is not stored: keep blocks with --blocks-pruning archive").into());
		};
		let (mut header, extrinsics) = stored.block.deconstruct();
		header.digest.pop(); // the seal comes after execution
		let parent = header.parent_hash;
		if client.block_status(parent)? != BlockStatus::InChainWithState {
			let parent = number - 1;
			return Err(format!("the state of block {parent} is pruned: keep it with --state-pruning archive").into());
		}

		let count = extrinsics.len();
		let block = Block::new(header, extrinsics);
		let us = median_us(self.repeat, || {
			let mut api = client.runtime_api();
			api.set_call_context(CallContext::Onchain { import: true });
			api.execute_block(parent, block.clone().into())
		})?;
		let each = us / count.max(1) as f64;
		println!(
			r#"{{"figure":"block execution","number":{number},"extrinsics":{count},"us_median":{us:.1},"us_per_extrinsic":{each:.1}}}"#
		);
		Ok(())
	}
}

/// Two calls that compute next to nothing, so what they take is the start of a call: of one that reads no storage, and
/// of one that reads one item.
fn call_start(client: &Client) -> sc_cli::Result<()> {
	let best = client.chain_info().best_hash;
	let account = AccountId::new([0; 32]);
	let version = median_us(CALLS, || client.runtime_api().version(best).map(drop))?;
	let nonce = median_us(CALLS, || {
		let nonce: Result<Nonce, ApiError> = client.runtime_api().account_nonce(best, account.clone());
		nonce.map(drop)
	})?;
	println!(r#"{{"figure":"runtime call start","us_median":{version:.1},"us_median_account_nonce":{nonce:.1}}}"#);
	Ok(())
}

/// Median time of `run` in µs over `times` runs, after a first one that warms the caches up.
fn median_us(times: u32, run: impl Fn() -> Result<(), ApiError>) -> sc_cli::Result<f64> {
	let timed = || {
		let start = Instant::now();
		run().map(|()| start.elapsed().as_secs_f64() * 1e6)
	};
	let failed = |error: ApiError| sc_cli::Error::Application(error.into());
	timed().map_err(failed)?;
	let mut samples = (0..times).map(|_| timed()).collect::<Result<Vec<_>, _>>().map_err(failed)?;
	samples.sort_by(f64::total_cmp);
	let middle = samples.len() / 2;
	Ok(if samples.len() % 2 == 1 { samples[middle] } else { (samples[middle - 1] + samples[middle]) / 2.0 })
}
