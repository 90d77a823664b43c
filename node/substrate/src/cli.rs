//! The command line.

use std::path::Path;

use sc_cli::{ChainSpec, SubstrateCli};
use sc_service::GenericChainSpec;

use crate::bench::MeasureCmd;

const HOW_TO_MAKE_A_SPEC: &str = "this node has no built-in chains. Make a raw chain spec and name its file:\n\
	\n    npx stkr-chain-spec build --chain local --raw --out local.json\
	\n    stkr-substrate-node --chain local.json …";

/// Without a subcommand the node runs.
#[derive(Debug, clap::Parser)]
pub struct Cli {
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,
	#[command(flatten)]
	pub run: sc_cli::RunCmd,
}

#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant)] // made once per process
pub enum Subcommand {
	/// Makes, inspects and inserts session and node keys.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),
	/// Prints a chain spec as this node reads it.
	BuildSpec(sc_cli::BuildSpecCmd),
	/// Prints best, finalized and genesis block of the stored chain.
	ChainInfo(sc_cli::ChainInfoCmd),
	/// Imports one stored block again, with all checks.
	CheckBlock(sc_cli::CheckBlockCmd),
	/// Writes stored blocks to a file or standard output.
	ExportBlocks(sc_cli::ExportBlocksCmd),
	/// Imports blocks that export-blocks wrote.
	ImportBlocks(sc_cli::ImportBlocksCmd),
	/// Writes the state of a block as a raw chain spec.
	ExportState(sc_cli::ExportStateCmd),
	/// Takes the last blocks that are not finalized off the chain.
	Revert(sc_cli::RevertCmd),
	/// Deletes the stored chain.
	PurgeChain(sc_cli::PurgeChainCmd),
	/// Measures how long stored blocks take to execute: one JSON line each.
	Measure(MeasureCmd),
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Stkr Substrate node".into()
	}

	fn impl_version() -> String {
		env!("CARGO_PKG_VERSION").into()
	}

	fn executable_name() -> String {
		env!("CARGO_PKG_NAME").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		"the Stkr maintainers".into()
	}

	fn support_url() -> String {
		"the issue tracker of the Stkr project".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn ChainSpec>, String> {
		if id.is_empty() {
			return Err(format!("--chain is missing: {HOW_TO_MAKE_A_SPEC}"));
		}
		if !Path::new(id).is_file() {
			return Err(format!("--chain {id} is not a file: {HOW_TO_MAKE_A_SPEC}"));
		}
		Ok(Box::new(GenericChainSpec::<sc_service::NoExtension>::from_json_file(id.into())?))
	}
}
