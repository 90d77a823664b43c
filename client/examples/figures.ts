/** Prints figures of the chain that fit together: all of one finalized block. */
import { connect, reserve, stkrBalance } from '@stkr/client'

const ALICE = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'

const client = await connect(process.argv[2] ?? 'ws://127.0.0.1:9944')
const at = await client.api.at(await client.api.rpc.chain.getFinalizedHead())
const { mintedWei, supplyWei, balanced } = await reserve(at)
console.log(`bridge: ${mintedWei} wei minted, ${supplyWei} in circulation, books ${balanced ? 'add up' : 'DO NOT add up'}`)
console.log(`Alice: ${(await stkrBalance(at, ALICE)).freePlanck} plancks`)
console.log(`a stake starts at ${at.consts.microPool.minJoinWei.toBigInt()} wei`)
console.log(`e = ${(await at.call.fixedPointApi.exp(10n ** 18n)).asOk.toBigInt()} / 10^18`)
await client.disconnect()
