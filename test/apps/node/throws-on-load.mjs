// A module that throws while it is loaded.
throw new Error('this module throws while it is loaded');
