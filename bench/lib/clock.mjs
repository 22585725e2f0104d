/** Milliseconds of a clock that all processes of the machine share. */
export const clockMs = () => Number(process.hrtime.bigint()) / 1e6;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
