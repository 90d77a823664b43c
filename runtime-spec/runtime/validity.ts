import { enumeration, u8, unit } from '../frame/scale/index.ts'

const invalidTransaction = enumeration('sp_runtime::transaction_validity::InvalidTransaction', {
	Call: unit,
	Payment: unit,
	Future: unit,
	Stale: unit,
	BadProof: unit,
	AncientBirthBlock: unit,
	ExhaustsResources: unit,
	Custom: u8,
	BadMandatory: unit,
	MandatoryValidation: unit,
	BadSigner: unit,
})
const unknownTransaction = enumeration('sp_runtime::transaction_validity::UnknownTransaction', {
	CannotLookup: unit,
	NoUnsignedValidator: unit,
	Custom: u8,
})

/** Why an extrinsic is refused, as the APIs describe it. */
export const transactionValidityError = enumeration('sp_runtime::transaction_validity::TransactionValidityError', {
	Invalid: invalidTransaction,
	Unknown: unknownTransaction,
})
