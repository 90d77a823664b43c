//! Runs a Stkr chain spec on the polkadot-sdk client: Aura makes blocks, GRANDPA finalises them (CNS-1).
//!
//! No runtime is built in. Consensus and state transition are what the chain's `:code` says, the same blob that the
//! embedded node runs.

mod bench;
mod cli;
mod command;
mod equivocation;
mod rpc;
mod runtime_api;
mod service;

use std::process::ExitCode;

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("stkr-substrate-node: {error}");
			ExitCode::FAILURE
		}
	}
}
