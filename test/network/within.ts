/** `work`, or an error that says what was awaited when it takes longer than `seconds`. What is awaited goes on: it can't be ended. */
export const within = <T>(awaited: string, work: Promise<T>, seconds = 60): Promise<T> =>
	new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`waited ${seconds} s in vain for ${awaited}`)), seconds * 1000)
		work.then(resolve, reject).finally(() => clearTimeout(timer))
	})
