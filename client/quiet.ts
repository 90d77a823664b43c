/**
 * txwrapper is CommonJS and loads that build of @polkadot beside the one of this client, which is harmless here: nothing but hex passes
 * between the two. Imported before txwrapper, this keeps @polkadot from warning of it.
 */
const { process } = globalThis as { process?: { env: Record<string, string | undefined> } }
if (process) process.env.POLKADOTJS_DISABLE_ESM_CJS_WARNING ??= '1'
