/** `npm run bench:ethereum`: a validator's whole life on the dev Ethereum, at slots as fast as they can. One JSON line a figure. */
import { formatEther, parseEther } from 'viem'
import { startEthereum } from '../ethereum/devnet.ts'
import { addressCredentials, clientsOf, depositValidator, requestWithdrawal, waitStatus } from '../ethereum/validator-life.ts'
import { figure, machine } from './figures.ts'

const STAKER = 0
const OWNER = 2

machine()
let from = performance.now()
const lap = (name: string): void => {
	const now = performance.now()
	figure(name, now - from, 'ms')
	from = now
}

const ethereum = await startEthereum({ secondsPerSlot: 1, slotPaceMs: 0 })
try {
	lap('from starting both processes to both APIs')
	const born = { at: performance.now(), slot: ethereum.head().slot }
	const owner = clientsOf(ethereum, OWNER)
	const ownedBefore = await owner.publicClient.getBalance(owner.account)
	const credentials = addressCredentials(owner.account.address)
	const { data, secretKey } = await depositValidator(ethereum, clientsOf(ethereum, STAKER), credentials)
	await ethereum.addValidatorKey(secretKey)
	lap('32 ETH to the deposit contract, in a block')
	await waitStatus(ethereum, data.pubkey, 'active_ongoing')
	lap('from the deposit to active')
	const { epoch } = ethereum.head()
	// One epoch of service (SHARD_COMMITTEE_PERIOD), without which a request for the exit is ignored.
	await ethereum.waitHead((head) => head.epoch > epoch + 1)
	await requestWithdrawal(owner, data.pubkey)
	lap('one epoch of service and the request of the exit (EIP-7002), in a block')
	await waitStatus(ethereum, data.pubkey, 'withdrawal_done')
	lap('from the request to paid out')
	const tookMs = performance.now() - born.at
	const slots = ethereum.head().slot - born.slot
	const received = (await owner.publicClient.getBalance(owner.account)) - ownedBefore
	if (received <= parseEther('32')) throw new Error(`the owner received ${formatEther(received)} ETH of the stake's 32 and its rewards`)
	figure('whole life of a validator', tookMs, 'ms')
	figure('slots it took', slots, 'slots')
	figure('slots', slots / (tookMs / 1000), '1/s')
} finally {
	await ethereum.close()
}
