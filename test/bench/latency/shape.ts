/** So many tasks of every second in so many processes. */

export interface Shape {
  readonly tasks: number;
  readonly instances: number;
}

/** @param text such as `1x4,100x4` */
export function requireShapes(text: string): readonly Shape[] {
  return text.split(',').map((one) => {
    const [, tasks, instances] = /^([1-9]\d*)x([1-9]\d*)$/.exec(one) ?? [];
    if (tasks === undefined || instances === undefined)
      throw new Error(`'${one}' is no shape: write tasks x processes, such as 100x4`);
    return { tasks: Number(tasks), instances: Number(instances) };
  });
}

export function shownShape({ tasks, instances }: Shape): string {
  return `${tasks} x ${instances}`;
}
