/** What the node logs to: pino fits. */
export interface Logger {
	error(fields: object, message: string): void
	warn(fields: object, message: string): void
	info(fields: object, message: string): void
	debug(fields: object, message: string): void
}
