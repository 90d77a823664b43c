import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const PARTS = {
	consts: 'StkrConsts',
	errors: 'StkrErrors',
	events: 'StkrEvents',
	query: 'StkrQueries',
	runtime: 'StkrCalls',
	tx: 'StkrSubmittables',
}
type Part = keyof typeof PARTS

const nameOf = (member: ts.TypeElement): string => (member.name as ts.Identifier).text

/** The members of each section in the generated types, by part. */
export function namesInTypes(): Record<Part, Record<string, string[]>> {
	const read = ([part, name]: [string, string]) => {
		const path = fileURLToPath(new URL(`../dist/${part}.d.ts`, import.meta.url))
		const source = ts.createSourceFile(path, ts.sys.readFile(path) ?? '', ts.ScriptTarget.Latest)
		const facade = source.statements.filter(ts.isInterfaceDeclaration).find((each) => each.name.text === name)
		if (!facade) throw new Error(`${path} has no interface ${name}`)
		const sections = facade.members.map((member) => {
			const type = (member as ts.PropertySignature).type as ts.TypeLiteralNode
			return [nameOf(member), type.members.map(nameOf).sort()]
		})
		return [part, Object.fromEntries(sections)]
	}
	return Object.fromEntries(Object.entries(PARTS).map(read))
}
