export type { StkrApi, StkrApiAt, StkrExtrinsic, StkrTx } from './api.ts'
export { CallError, type CallFailure } from './call-error.ts'
export {
	type ConnectErrorType,
	type ConnectOptions,
	type ConnectParameters,
	type ConnectReturnType,
	connect,
	type StkrClient,
} from './connect.ts'
export { ConnectError, type ConnectErrorCode, StkrError, SubmitError, type SubmitErrorCode } from './errors.ts'
export type { Finalized } from './finalized.ts'
export { findEvent } from './find-event.ts'
export * from './read.ts'
export * from './roles/provider.ts'
export * from './roles/staker.ts'
export * from './roles/witness.ts'
export {
	type SignAndFinalizeErrorType,
	type SignAndFinalizeOptions,
	type SignAndFinalizeParameters,
	type SignAndFinalizeReturnType,
	type StkrSigner,
	signAndFinalize,
} from './sign-and-finalize.ts'
