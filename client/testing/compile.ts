import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const CLIENT = fileURLToPath(new URL('../', import.meta.url))
const CONFIG = join(CLIENT, '..', 'tsconfig.json')

const options = (): ts.CompilerOptions => {
	const { config, error } = ts.readConfigFile(CONFIG, ts.sys.readFile)
	if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'))
	return { ...ts.parseJsonConfigFileContent(config, ts.sys, dirname(CONFIG)).options, noUnusedLocals: false, noEmit: true }
}

/** What the compiler says of pieces of code, which stand in the folder of the client; they are all compiled at once. */
export function diagnose(snippets: Record<string, string>, change: ts.CompilerOptions = {}): Record<string, string[]> {
	const files = new Map(Object.entries(snippets).map(([name, code], index) => [join(CLIENT, `snippet-${index}.ts`), { name, code }]))
	const host = ts.createCompilerHost({ ...options(), ...change })
	const { fileExists, readFile } = host
	host.fileExists = (path) => files.has(path) || fileExists(path)
	host.readFile = (path) => files.get(path)?.code ?? readFile(path)
	const program = ts.createProgram([...files.keys()], { ...options(), ...change }, host)
	const of = (path: string): string[] => {
		const source = program.getSourceFile(path)
		return ts.getPreEmitDiagnostics(program, source).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
	}
	return Object.fromEntries([...files].map(([path, { name }]) => [name, of(path)]))
}

/** What the compiler says of files in the folder of the client, declarations too. */
export function diagnoseFiles(paths: readonly string[]): string[] {
	const program = ts.createProgram(
		paths.map((path) => join(CLIENT, path)),
		{ ...options(), skipLibCheck: false },
	)
	return paths.flatMap((path) =>
		program
			.getSemanticDiagnostics(program.getSourceFile(join(CLIENT, path)))
			.map(({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
	)
}
