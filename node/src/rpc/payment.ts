import { concatBytes, encodeU32, ScaleReader } from '../scale/codec.ts'
import type { Context, Handler, Methods } from './handler.ts'
import { callRuntime } from './json.ts'
import type { Params } from './params.ts'

/** Error 1: the runtime could not price the extrinsic (polkadot-sdk `pallet-transaction-payment-rpc`). */
const RUNTIME_ERROR = 1

const DISPATCH_CLASS = ['normal', 'operational', 'mandatory']

/** Both runtime APIs take the extrinsic and its encoded length. */
function query(method: string, params: Params, { node }: Context): ScaleReader {
	const extrinsic = params.bytes(0, 'extrinsic')
	const input = concatBytes(extrinsic, encodeU32(extrinsic.length))
	return new ScaleReader(callRuntime(node.chain, params.optionalHash(1, 'at'), method, input, RUNTIME_ERROR))
}

/** u128 */
const readBalance = (reader: ScaleReader): bigint => reader.u64() | (reader.u64() << 64n)

const queryInfo: Handler = (params, context) => {
	const reader = query('TransactionPaymentApi_query_info', params, context)
	return {
		weight: { ref_time: reader.compact(), proof_size: reader.compact() },
		class: DISPATCH_CLASS[reader.u8()],
		partialFee: readBalance(reader).toString(),
	}
}

const queryFeeDetails: Handler = (params, context) => {
	const reader = query('TransactionPaymentApi_query_fee_details', params, context)
	// unsigned extrinsics pay nothing for inclusion
	if (reader.u8() === 0) return { inclusionFee: null }
	const balance = () => `0x${readBalance(reader).toString(16)}`
	return { inclusionFee: { baseFee: balance(), lenFee: balance(), adjustedWeightFee: balance() } }
}

export const payment: Methods = { payment_queryInfo: queryInfo, payment_queryFeeDetails: queryFeeDetails }
