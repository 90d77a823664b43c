import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { type DocLines, type Docs, PALLET_PARTS, type PalletDocs } from './docs.ts'

type Member = [name: string, docs: DocLines]

/** Our sources only: types of the language itself are not needed to follow a name to where it is defined. */
const OPTIONS: ts.CompilerOptions = {
	noLib: true,
	types: [],
	noEmit: true,
	target: ts.ScriptTarget.ESNext,
	module: ts.ModuleKind.ESNext,
	moduleResolution: ts.ModuleResolutionKind.Bundler,
	allowImportingTsExtensions: true,
}

/** The files that define this runtime's pallets and APIs. */
export const runtimeSources = (): string[] => {
	const from = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
	const pallets = readdirSync(from('../../pallets'), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map(({ name }) => from(`../../pallets/${name}/index.ts`))
		.filter((path) => existsSync(path))
		.sort()
	return [from('../system/index.ts'), ...pallets, from('../../runtime/apis.ts')]
}

/**
 * Reads the doc comments of the pallets (`pallet('Name', {…})`) and runtime APIs (`runtimeApi('Name', …)`) that `files` define.
 * Parts may be written in place, named, imported or spread. Throws with file and line at a part written in a way it can't follow.
 */
export const readDocs = (files: readonly string[]): Docs => {
	const program = ts.createProgram([...files], OPTIONS)
	const reader = new DocReader(program.getTypeChecker())
	for (const file of files) {
		const source = program.getSourceFile(file)
		if (!source) throw new Error(`doc comments: there is no file ${file}`)
		reader.visit(source)
	}
	return reader
}

class DocReader implements Docs {
	readonly pallets: Record<string, PalletDocs> = {}
	readonly apis: Record<string, { docs: DocLines; methods: Record<string, DocLines> }> = {}
	private readonly checker: ts.TypeChecker
	constructor(checker: ts.TypeChecker) {
		this.checker = checker
	}

	visit(node: ts.Node): void {
		if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
			const [name, ...rest] = node.arguments
			if (name && ts.isStringLiteral(name)) {
				if (node.expression.text === 'pallet') this.pallet(name.text, node, rest[0])
				if (node.expression.text === 'runtimeApi')
					this.apis[name.text] = { docs: commentOf(node), methods: Object.fromEntries(this.members(rest[1])) }
			}
		}
		ts.forEachChild(node, (child) => this.visit(child))
	}

	private pallet(name: string, definition: ts.CallExpression, parts: ts.Expression): void {
		const found = new Map(this.properties(parts).map((property) => [nameOf(property), property]))
		const part = (key: (typeof PALLET_PARTS)[number]): Record<string, DocLines> => {
			const property = found.get(key)
			return property ? Object.fromEntries(this.members(this.valueOf(property))) : {}
		}
		const [storage, events, errors, constants, calls] = PALLET_PARTS.map(part)
		this.pallets[name] = { docs: commentOf(statementOf(definition)), storage, events, errors, constants, calls }
	}

	/** Names with doc comments of the object, list, `events({…})` or `errors([…])` that `expression` is. */
	private members(expression: ts.Expression): Member[] {
		const value = this.resolve(expression)
		if (ts.isArrayLiteralExpression(value))
			return value.elements.flatMap((element): Member[] => {
				if (ts.isSpreadElement(element)) return this.members(element.expression)
				return ts.isStringLiteral(element) ? [[element.text, commentOf(element)]] : refuse(element)
			})
		return this.properties(value).map((property) => {
			const own = commentOf(property)
			return [nameOf(property), own.length > 0 ? own : this.definitionComment(property)]
		})
	}

	private properties(expression: ts.Expression): ts.ObjectLiteralElementLike[] {
		const value = this.resolve(expression)
		if (!ts.isObjectLiteralExpression(value)) return refuse(value)
		return value.properties.flatMap((property) => (ts.isSpreadAssignment(property) ? this.properties(property.expression) : [property]))
	}

	/** The comment where a part that is only named here (`calls: { join }`) is defined. */
	private definitionComment(property: ts.ObjectLiteralElementLike): DocLines {
		const value = ts.isShorthandPropertyAssignment(property) || ts.isPropertyAssignment(property) ? this.valueOf(property) : undefined
		const declaration = value && ts.isIdentifier(value) ? this.declarationOf(value) : undefined
		return declaration ? commentOf(statementOf(declaration)) : []
	}

	private valueOf(property: ts.ObjectLiteralElementLike): ts.Expression {
		if (ts.isPropertyAssignment(property)) return property.initializer
		return ts.isShorthandPropertyAssignment(property) ? property.name : refuse(property)
	}

	/** Follows names, imports, `as` and `events(…)`, `errors(…)` to the literal behind them. */
	private resolve(expression: ts.Expression): ts.Expression {
		if (ts.isAsExpression(expression) || ts.isSatisfiesExpression(expression) || ts.isParenthesizedExpression(expression))
			return this.resolve(expression.expression)
		if (ts.isCallExpression(expression) && ['events', 'errors'].includes(expression.expression.getText()))
			return this.resolve(expression.arguments[0])
		if (!ts.isIdentifier(expression)) return expression
		const initializer = this.declarationOf(expression)?.initializer
		return initializer ? this.resolve(initializer) : refuse(expression)
	}

	private declarationOf(name: ts.Identifier): ts.VariableDeclaration | undefined {
		const symbol = ts.isShorthandPropertyAssignment(name.parent)
			? this.checker.getShorthandAssignmentValueSymbol(name.parent)
			: this.checker.getSymbolAtLocation(name)
		const target = symbol && symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol
		const declaration = target?.valueDeclaration
		return declaration && ts.isVariableDeclaration(declaration) ? declaration : undefined
	}
}

const refuse = (node: ts.Node): never => {
	const source = node.getSourceFile()
	const { line } = source.getLineAndCharacterOfPosition(node.getStart())
	throw new Error(
		`doc comments: ${source.fileName}:${line + 1}: can't find the parts behind \`${node.getText().slice(0, 60)}\`; write them as an object, list, events(…) or errors(…)`,
	)
}

const nameOf = (property: ts.ObjectLiteralElementLike): string => {
	const { name } = property
	return name && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : refuse(property)
}

const statementOf = (node: ts.Node): ts.Node => ts.findAncestor(node, ts.isVariableStatement) ?? node

/** The last doc comment before a node, without stars and indentation. */
const commentOf = (node: ts.Node): DocLines => {
	const text = node.getSourceFile().text
	const at = node.getFullStart()
	const ranges = [...(ts.getTrailingCommentRanges(text, at) ?? []), ...(ts.getLeadingCommentRanges(text, at) ?? [])]
	const comment = ranges.map(({ pos, end }) => text.slice(pos, end)).findLast((found) => found.startsWith('/**'))
	if (comment === undefined) return []
	const lines = comment
		.slice(3, -2)
		.split('\n')
		.map((line) => line.trim().replace(/^\* ?/, '').trim())
	const first = lines.findIndex((line) => line !== '')
	return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== '') + 1)
}
