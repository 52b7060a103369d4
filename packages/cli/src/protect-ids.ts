export const ID = /^[\w-]{43}$/;

/**
 * One id in 64 begins with a dash, and would be taken for an option: a space before it keeps it an argument, and
 * the parser of ids takes the space away again. What follows an option for any text is left as it is.
 */
export function protectIds(args: string[]): string[] {
  const textOptions = ['--action', '--data', '--name', '--tag'];
  return args.map((arg, i) =>
    arg.startsWith('-') && ID.test(arg) && !textOptions.includes(args[i - 1] ?? '') ? ` ${arg}` : arg,
  );
}
