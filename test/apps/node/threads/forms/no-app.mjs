export default { answer: 42 };
export const other = 1;
