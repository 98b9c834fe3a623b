// For tests of what only root may do. CI runs as root, and takes what is skipped for a failure.

export const needsRoot = {
  skip: process.getuid?.() === 0 ? false : 'only root can give files and rights to others',
};
