import ts from 'typescript'
import { ABSENT_GLOBALS, DELETED } from './realm-rules.ts'

const FILE = 'runtime.js'
const FORBIDDEN = new Set([...ABSENT_GLOBALS, 'Function'])
const FORBIDDEN_MATH = new Set(DELETED.Math)

/** Parses and binds one script, without any library: a name of a global then has no declaration. */
function bind(source: string): { file: ts.SourceFile; checker: ts.TypeChecker } {
	const file = ts.createSourceFile(FILE, source, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS)
	const host: ts.CompilerHost = {
		getSourceFile: (name) => (name === FILE ? file : undefined),
		getDefaultLibFileName: () => '',
		writeFile: () => {},
		getCurrentDirectory: () => '',
		getCanonicalFileName: (name) => name,
		useCaseSensitiveFileNames: () => true,
		getNewLine: () => '\n',
		fileExists: (name) => name === FILE,
		readFile: () => undefined,
	}
	const program = ts.createProgram([FILE], { allowJs: true, noLib: true, noResolve: true, types: [], target: ts.ScriptTarget.ESNext }, host)
	return { file, checker: program.getTypeChecker() }
}

const isAsync = (node: ts.Node): boolean =>
	ts.isFunctionLike(node) && ts.canHaveModifiers(node) && !!ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.AsyncKeyword)

/** The literal property name of `object.name` or `object['name']`. */
function memberName(node: ts.Node): string | undefined {
	if (ts.isPropertyAccessExpression(node)) return node.name.text
	if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) return node.argumentExpression.text
	return undefined
}

/** Whether an identifier stands for a value of that name, rather than naming a property or a declaration. */
function isReference(node: ts.Identifier): boolean {
	const { parent } = node
	if (ts.isShorthandPropertyAssignment(parent)) return true
	if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
	if (ts.isTypeOfExpression(parent)) return false
	return (
		!('name' in parent && parent.name === node) &&
		!('propertyName' in parent && parent.propertyName === node) &&
		!ts.isLabeledStatement(parent)
	)
}

/**
 * Refuses a bundle that uses what the runtime's realm does not have: regular expressions, async code, the parser, and everything in
 * realm-rules.ts. The realm would fail too, but only when the line runs, in a block. `typeof X` is allowed.
 *
 * Throws one Error that names every place as `runtime.js:line:column`.
 */
export function assertRealm(bundleSource: string): void {
	const { file, checker } = bind(bundleSource)
	const places: string[] = []
	const report = (node: ts.Node, what: string): void => {
		const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file))
		places.push(`${FILE}:${line + 1}:${character + 1}: ${what}`)
	}
	const isGlobal = (node: ts.Identifier): boolean => {
		const symbol = ts.isShorthandPropertyAssignment(node.parent)
			? checker.getShorthandAssignmentValueSymbol(node.parent)
			: checker.getSymbolAtLocation(node)
		return !symbol?.declarations?.length
	}
	const visitMember = (node: ts.PropertyAccessExpression | ts.ElementAccessExpression): void => {
		const name = memberName(node)
		if (!name || !ts.isIdentifier(node.expression) || ts.isTypeOfExpression(node.parent)) return
		if (node.expression.text === 'globalThis' && FORBIDDEN.has(name)) report(node, `globalThis.${name} is not in the runtime's realm`)
		if (node.expression.text === 'Math' && FORBIDDEN_MATH.has(name) && isGlobal(node.expression)) {
			report(node, `Math.${name} is not exact on every machine, so it is not in the runtime's realm`)
		}
	}
	const visit = (node: ts.Node): void => {
		if (ts.isRegularExpressionLiteral(node))
			report(node, `the regular expression ${node.text}: the runtime has no RegExp; compare strings or bytes`)
		else if (isAsync(node)) report(node, 'an async function: the runtime has no promises, every call is synchronous')
		else if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier))
			report(node, 'await: the runtime has no promises')
		else if (node.kind === ts.SyntaxKind.ImportKeyword && ts.isCallExpression(node.parent))
			report(node, 'import(): the runtime has no modules')
		else if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) visitMember(node)
		else if (ts.isIdentifier(node) && FORBIDDEN.has(node.text) && isReference(node) && isGlobal(node)) {
			if (node.text !== 'Function' || isInvoked(node)) report(node, `${node.text} is not in the runtime's realm`)
		}
		ts.forEachChild(node, visit)
	}
	visit(file)
	if (places.length) throw new Error(`The bundle can't run as a runtime (see engine/realm-rules.ts):\n${places.join('\n')}`)
}

/** `Function(…)` or `new Function(…)`; `Function.prototype` and `instanceof Function` are harmless. */
const isInvoked = (node: ts.Node): boolean =>
	(ts.isCallExpression(node.parent) || ts.isNewExpression(node.parent)) && node.parent.expression === node
